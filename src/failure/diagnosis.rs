//! Why a request was refused: what was sent, what is taken there, the causes by how sure they are,
//! and how to mend each.

mod causes;

use super::is_refused;
use crate::connection::{Connection, Home, Kind, Look};
use crate::operation::Operation;
use crate::text::has;
use crate::transport::Response;
use causes::CAUSES;

/// A cause of refusals, and the signs by which it is known. What is empty does not count.
struct Cause {
    statuses: &'static [u16],
    homes: &'static [Home],
    kinds: &'static [Kind],
    sign: Sign,
    sure: Sure,
    /// The cause, as a sentence. In both texts `{scopes}`, `{role}`, `{host}`, `{look}`,
    /// `{expires}` and `{what}` stand for the operation's and the connection's, and `{keys}` and
    /// `{tokens}` for the places where those are made.
    cause: &'static str,
    /// What to do, as a sentence or two.
    mend: &'static str,
}

/// What an answer has to show for a cause.
enum Sign {
    /// Nothing more.
    None,
    /// This text in what it says, in any case of letters.
    Says(&'static str),
    /// This text in a header.
    Header(&'static str, &'static str),
    /// A page for a browser.
    Html,
    /// No page for a browser.
    NoHtml,
    /// A secret that looks like another kind than it was given as.
    LooksOther,
    /// A secret that looks like what it was given as, or does not.
    Fits(bool),
    /// Nothing of all that: it shows only where no other cause does.
    Else,
    /// The same, of an operation that takes scopes.
    Scopes,
}

/// How sure a cause is. A certain one leaves no room for others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sure {
    Certain,
    Likely,
    Possible,
}

const SURE: [(Sure, &str); 3] =
    [(Sure::Certain, "Certain: "), (Sure::Likely, "Likely: "), (Sure::Possible, "Possible: ")];

/// How many causes are named: more is no help.
const MOST: usize = 3;

/// What to do about an answer that is no success; nothing where no cause is known.
pub(super) fn diagnose(connection: &Connection, operation: &Operation, answer: &Response, said: &str) -> String {
    // Whoever is answered as a stranger is refused, whatever the status says.
    let status = if is_refused(answer) { 401 } else { answer.status };
    let refusal = Refusal { connection, operation, answer, status, said: &said.to_ascii_lowercase() };
    let mut advice = String::new();
    if matches!(status, 401 | 403) {
        for text in ["Sent: ", connection.kind().what(), ". Taken there: ", refusal.takes(), "."] {
            advice.push_str(text);
        }
    }
    let mut named = 0;
    for (sure, word) in SURE {
        // A certain cause leaves no room for another.
        let most = if sure == Sure::Certain { 1 } else { MOST };
        for cause in CAUSES.iter().filter(|cause| cause.sure == sure && refusal.shows(cause)) {
            if named < most && !(named > 0 && matches!(cause.sign, Sign::Else | Sign::Scopes)) {
                for text in [if advice.is_empty() { "" } else { "\n" }, word, cause.cause, " ", cause.mend] {
                    advice.push_str(text);
                }
                named += 1;
            }
        }
        if sure == Sure::Certain && named > 0 {
            break;
        }
    }
    refusal.fill(advice)
}

/// A request and the answer that refused it.
struct Refusal<'a> {
    connection: &'a Connection,
    operation: &'a Operation,
    answer: &'a Response,
    status: u16,
    /// In small letters.
    said: &'a str,
}

impl Refusal<'_> {
    fn shows(&self, cause: &Cause) -> bool {
        fn fits<T: PartialEq>(of: &[T], it: T) -> bool {
            of.is_empty() || of.contains(&it)
        }
        fits(cause.statuses, self.status)
            && fits(cause.homes, self.connection.home())
            && fits(cause.kinds, self.connection.kind())
            && match cause.sign {
                Sign::None | Sign::Else => true,
                Sign::Says(text) => has(self.said, text),
                Sign::Header(name, text) => self.answer.header(name).is_some_and(|value| has(value, text)),
                Sign::Html => self.is_html(),
                Sign::NoHtml => !self.is_html(),
                Sign::LooksOther => matches!(self.connection.look(), Look::Other(_)),
                Sign::Fits(fits) => (self.connection.look() == Look::Fits) == fits,
                Sign::Scopes => self.operation.scopes.is_any(),
            }
    }

    /// What is taken there, for a person.
    fn takes(&self) -> &'static str {
        match self.connection.home() {
            Home::Site => "an e-mail address with an API token that was made without scopes",
            Home::Gateway => {
                "an e-mail address with a scoped API token, a service account's token, or an OAuth 2.0 access token"
            }
            Home::Organization if !self.operation.scopes.is_any() => {
                "an API key of that organization that was made without scopes"
            }
            Home::Organization => "an API key of that organization",
            Home::Scim => "the key of that SCIM directory",
        }
    }

    fn is_html(&self) -> bool {
        let typed = self.answer.header("content-type").is_some_and(|it| has(it, "html"));
        let begin = self.answer.body.trim_ascii_start();
        let begins = |tag: &str| begin.get(..tag.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(tag.as_bytes()));
        typed || begins("<html") || begins("<!doctype html")
    }

    /// Fills in the operation's and the connection's own words, one after the other.
    fn fill(&self, advice: String) -> String {
        let mut scopes = self.operation.scopes.to_string();
        if scopes.is_empty() {
            scopes = "the scope that its documentation names".into();
        }
        let expires = self
            .connection
            .expires()
            .map(|time| format!(" It says of itself that it expires at {time}."))
            .unwrap_or_default();
        let mut filled = String::new();
        let mut rest = advice.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            filled.push_str(before);
            filled.push_str(match name {
                "scopes" => &scopes,
                "role" => self.operation.role,
                "host" => self.connection.base().authority(),
                "expires" => &expires,
                "keys" => "Atlassian Administration (admin.atlassian.com) > Organization settings > API keys",
                "tokens" => "id.atlassian.com > Security > API tokens",
                "look" => match self.connection.look() {
                    Look::Other(what) => what,
                    _ => "",
                },
                _ => self.connection.kind().what(),
            });
            rest = after;
        }
        filled.push_str(rest);
        filled
    }
}
