//! Lists: page by page to their end, in every style that Atlassian has.

use super::{Call, Client, decode};
use crate::failure::{Failure, FailureKind, Result};
use crate::json::{MAX_VALUES, Value};
use crate::operation::Paging;
use crate::transport::{MAX_BODY, Response};
use std::cell::Cell;
use std::iter;
use std::rc::Rc;

/// A list that has not ended after so many pages is a server that goes round in circles.
const MAX_PAGES: usize = 1000;

/// The page size where a list is asked for by its start; the largest that every one takes.
pub(crate) const PAGE: usize = 50;

/// What takes lists, as they end: to the call of that number, and nothing where there is more than
/// was wanted. It says whether to go on.
pub(crate) type EachList<'a> = dyn FnMut(usize, Result<Option<Vec<Value>>>) -> bool + 'a;

impl Client<'_> {
    /// Calls an operation that answers with a list, page by page to its end.
    pub fn list(&self, call: Call) -> Result<Vec<Value>> {
        let mut list = None;
        self.lists(1, u64::MAX, &mut iter::once(call), &mut |_, result| {
            list = Some(result);
            true
        });
        // Every call is answered.
        Ok(list.unwrap_or_else(|| unreachable!())?.unwrap_or_default())
    }

    /// Reads many lists, so many at once, until all are taken or one fails.
    ///
    /// # Errors
    ///
    /// The first failure, be it of a list or of `take`.
    pub(crate) fn read_all(
        &self,
        width: usize,
        most: u64,
        calls: &mut dyn Iterator<Item = Call>,
        take: &mut dyn FnMut(usize, Option<Vec<Value>>) -> Result<()>,
    ) -> Result<()> {
        let mut result = Ok(());
        self.lists(width, most, calls, &mut |number, list| {
            if result.is_ok() {
                result = list.and_then(|list| take(number, list));
            }
            result.is_ok()
        });
        result
    }

    /// The same, whatever becomes of each; of a list whose first page says that it has more than `most`
    /// items, there is no second page.
    pub(crate) fn lists(
        &self,
        width: usize,
        most: u64,
        calls: &mut dyn Iterator<Item = Call>,
        each: &mut EachList<'_>,
    ) {
        // The lists of which there are more pages, each with its number.
        let mut open: Vec<(usize, Pages)> = Vec::new();
        let mut goes_on = true;
        self.overlap(width, &mut calls.map(|call| Pages::new(call).next()), &mut |number, call, answer| {
            let mut pages = Pages::new(call);
            goes_on &= match answer.and_then(|answer| pages.take(&answer, most)) {
                Ok(Page::Middle) => {
                    open.push((number, pages));
                    true
                }
                Ok(Page::TooMany) => each(number, Ok(None)),
                Ok(Page::Last) => each(number, Ok(Some(pages.all))),
                Err(failure) => each(number, Err(failure)),
            };
            goes_on
        });
        while goes_on && !open.is_empty() {
            let mut going: Vec<Option<(usize, Pages)>> = std::mem::take(&mut open).into_iter().map(Some).collect();
            let next: Vec<Call> = going.iter().flatten().map(|(_, pages)| pages.next()).collect();
            self.overlap(width, &mut next.into_iter(), &mut |at, _, answer| {
                let Some((number, mut pages)) = going[at].take() else { return true };
                goes_on &= match answer.and_then(|answer| pages.take(&answer, u64::MAX)) {
                    Ok(Page::Middle | Page::TooMany) => {
                        open.push((number, pages));
                        true
                    }
                    Ok(Page::Last) => each(number, Ok(Some(pages.all))),
                    Err(failure) => each(number, Err(failure)),
                };
                goes_on
            });
        }
    }
}

/// The pages of a list so far.
struct Pages {
    call: Call,
    all: Vec<Value>,
    cursors: Vec<String>,
    count: usize,
    // All pages together are no more than one answer may be.
    left: Cell<usize>,
    bytes: usize,
}

/// What a page is.
enum Page {
    Middle,
    Last,
    /// There are more than was wanted.
    TooMany,
}

impl Pages {
    fn new(call: Call) -> Pages {
        Pages { call, all: Vec::new(), cursors: Vec::new(), count: 0, left: Cell::new(MAX_VALUES), bytes: MAX_BODY }
    }

    /// The call for the next page.
    fn next(&self) -> Call {
        let paging = self.call.operation.paging;
        let first = self.all.len() + usize::from(paging == Paging::Scim);
        let (start, size) = (first.to_string(), PAGE.to_string());
        let more = match (paging, self.cursors.last()) {
            (Paging::StartAt | Paging::PageBean, _) => vec![("startAt", start), ("maxResults", size)],
            (Paging::Scim, _) => vec![("startIndex", start), ("count", size)],
            (Paging::QueryCursor | Paging::BodyCursor, Some(cursor)) => vec![("cursor", cursor.clone())],
            _ => Vec::new(),
        };
        let mut call = self.call.clone();
        (call.more, call.retries) = (more, Rc::default());
        call
    }

    /// Takes the next page.
    fn take(&mut self, answer: &Response, most: u64) -> Result<Page> {
        let operation = self.call.operation;
        let paging = operation.paging;
        self.count += 1;
        if self.count > MAX_PAGES {
            let message = format!("{} has no end after {MAX_PAGES} pages.", operation.id);
            return Err(Failure::new(FailureKind::Protocol, message));
        }
        let wrong = |what| Err(Failure::from_body(operation, answer, what));
        let Some(rest) = self.bytes.checked_sub(answer.body.len()) else {
            return wrong("it has more in it than is read");
        };
        self.bytes = rest;
        let mut page = decode(operation, answer, &self.left)?;
        let items = match paging {
            // What is no list is the one thing in it.
            Paging::None => Some(Value::List(vec![std::mem::take(&mut page)])),
            Paging::StartAt => Some(std::mem::take(&mut page)),
            Paging::PageBean => page.take("values"),
            Paging::Scim => page.take("Resources"),
            _ => page.take("data"),
        };
        // An answer without its list is no empty list; but SCIM leaves out an empty one.
        let items = match items {
            Some(Value::List(items)) => items,
            None if paging == Paging::Scim && page.number("totalResults") == Some(0) => Vec::new(),
            _ => return wrong("there is no list in it"),
        };
        let is_repeated = !items.is_empty() && self.all.ends_with(&items);
        let read = (self.all.len() + items.len()) as u64;
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
        self.all.extend(items);
        if is_last {
            return Ok(Page::Last);
        }
        // A server that goes round in circles, or knows nothing of where a page begins.
        if self.cursors.iter().any(|cursor| cursor == next) || (is_repeated && next.is_empty()) {
            return wrong("its next page was there before");
        }
        if !next.is_empty() {
            self.cursors.push(next.to_owned());
        }
        Ok(if page.number("total").is_some_and(|total| total > most) { Page::TooMany } else { Page::Middle })
    }
}
