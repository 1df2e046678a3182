//! Lists: page by page to their end, in every style that Atlassian has.

use super::{Call, Client, decode};
use crate::failure::{Failure, FailureKind, Result};
use crate::json::{MAX_VALUES, Value};
use crate::operation::Paging;
use crate::transport::{MAX_BODY, Transport};
use std::cell::Cell;

/// A list that has not ended after so many pages is a server that goes round in circles.
const MAX_PAGES: usize = 1000;

/// The page size where a list is asked for by its start; the largest that every one takes.
pub(super) const PAGE: usize = 50;

impl<T: Transport> Client<'_, T> {
    /// Calls an operation that answers with a list, page by page to its end.
    pub async fn list(&self, call: Call) -> Result<Vec<Value>> {
        let operation = call.operation;
        let paging = operation.paging;
        let mut all: Vec<Value> = Vec::new();
        let mut cursors: Vec<String> = Vec::new();
        // All pages together are no more than one answer may be.
        let (left, mut bytes) = (Cell::new(MAX_VALUES), MAX_BODY);
        for _ in 0..MAX_PAGES {
            let first = all.len() + usize::from(paging == Paging::Scim);
            let (start, size) = (first.to_string(), PAGE.to_string());
            let more: &[(&str, &str)] = match (paging, cursors.last()) {
                (Paging::StartAt | Paging::PageBean, _) => &[("startAt", &start), ("maxResults", &size)],
                (Paging::Scim, _) => &[("startIndex", &start), ("count", &size)],
                (Paging::QueryCursor | Paging::BodyCursor, Some(cursor)) => &[("cursor", cursor)],
                _ => &[],
            };
            let answer = self.send(&call, more, &Cell::new(0)).await?;
            let Some(rest) = bytes.checked_sub(answer.body.len()) else {
                return Err(Failure::from_body(operation, &answer, "it has more in it than is read"));
            };
            bytes = rest;
            let mut page = decode(operation, &answer, &left)?;
            let items = match paging {
                Paging::StartAt => Some(std::mem::take(&mut page)),
                Paging::PageBean => page.take("values"),
                Paging::Scim => page.take("Resources"),
                _ => page.take("data"),
            };
            // An answer without its list is no empty list; but SCIM leaves out an empty one.
            let items = match items {
                Some(Value::List(items)) => items,
                None if paging == Paging::Scim && page.number("totalResults") == Some(0) => Vec::new(),
                _ => return Err(Failure::from_body(operation, &answer, "there is no list in it")),
            };
            let is_repeated = !items.is_empty() && all.ends_with(&items);
            let read = (all.len() + items.len()) as u64;
            let is_whole = |total: &str| page.number(total).is_none_or(|total| read >= total);
            let next = page.get("links").and_then(|links| links.text("next")).unwrap_or_default();
            let is_last = match paging {
                Paging::None => true,
                Paging::StartAt => items.len() < PAGE,
                _ if items.is_empty() && next.is_empty() => true,
                // Each of the three may be missing.
                Paging::PageBean => match page.flag("isLast") {
                    Some(is_last) => is_last,
                    None => page.text("nextPage").is_none() && is_whole("total"),
                },
                Paging::Scim => is_whole("totalResults"),
                Paging::BodyCursor | Paging::QueryCursor => next.is_empty(),
            };
            all.extend(items);
            if is_last {
                return Ok(all);
            }
            // A server that goes round in circles, or knows nothing of where a page begins.
            if cursors.iter().any(|cursor| cursor == next) || (is_repeated && next.is_empty()) {
                return Err(Failure::from_body(operation, &answer, "its next page was there before"));
            }
            if !next.is_empty() {
                cursors.push(next.to_owned());
            }
        }
        Err(Failure::new(FailureKind::Protocol, format!("{} has no end after {MAX_PAGES} pages.", operation.id)))
    }
}
