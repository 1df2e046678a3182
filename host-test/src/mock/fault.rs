//! What goes wrong, once or again and again.

use super::Reply;
use serde::Deserialize;
use std::time::Duration;

/// Something that goes wrong with one request.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Whether the request is carried out all the same.
    pub applied: bool,
    /// What the other side sees.
    pub how: How,
}

/// What the other side sees of a fault.
#[derive(Clone, Debug)]
pub enum How {
    /// This answer.
    Answer(Reply),
    /// No answer, ever.
    Hang,
    /// An answer that begins, and then comes one byte at a time, without end.
    Drip {
        /// The time between two bytes.
        every: Duration,
    },
    /// The end of the connection, and no answer.
    Cut,
    /// The end of the connection in the middle of the answer's body.
    CutBody,
    /// A body of so many bytes.
    Flood {
        /// How many.
        bytes: usize,
    },
}

impl Fault {
    /// This is answered instead, and nothing is changed.
    pub fn answer(reply: Reply) -> Fault {
        Fault { applied: false, how: How::Answer(reply) }
    }

    /// It goes wrong before anything is done.
    pub fn before(how: How) -> Fault {
        Fault { applied: false, how }
    }

    /// It goes wrong after the request was carried out.
    pub fn after(how: How) -> Fault {
        Fault { applied: true, how }
    }
}

/// What goes wrong with which requests; a TOML file of `[[fault]]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The rows; the first that is due counts.
    #[serde(default)]
    fault: Vec<Row>,
}

/// One kind of requests, and what goes wrong with which of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Row {
    /// What has to be in `METHOD path?query`, or one of several parted by `|`; empty is every request.
    #[serde(default)]
    request: String,
    /// What goes wrong.
    kind: Kind,
    /// Whether the request is carried out all the same.
    #[serde(default)]
    applied: bool,
    /// Every how many of them.
    #[serde(default = "one")]
    every: u32,
    /// How often at most.
    times: Option<u32>,
    /// The status, for `answer`.
    #[serde(default = "unavailable")]
    status: u16,
    /// The body, for `answer`.
    #[serde(default)]
    body: String,
    /// The headers, for `answer`.
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// How many were there so far, and how many of them went wrong.
    #[serde(skip)]
    seen: (u32, u32),
}

/// The kinds of faults by the names that a plan gives them.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Answer,
    Hang,
    Drip,
    Cut,
    CutBody,
    Flood,
}

fn one() -> u32 {
    1
}

fn unavailable() -> u16 {
    503
}

impl Plan {
    /// Reads a plan.
    ///
    /// # Errors
    ///
    /// Says what is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Plan, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    /// Adds what goes wrong with every nth request that has this text in `METHOD path?query`; with none
    /// of them if that is 0.
    pub fn every(mut self, nth: u32, request: &str, kind: &str, applied: bool) -> Plan {
        let row = format!("request = '{request}'\nkind = '{kind}'\napplied = {applied}\nevery = {nth}");
        if let (1.., Ok(row)) = (nth, toml::from_str(&row)) {
            self.fault.push(row);
        }
        self
    }

    /// What goes wrong with this request, if anything does.
    pub(super) fn next(&mut self, request: &str) -> Option<Fault> {
        let is_of = |row: &Row| row.request.split('|').any(|part| request.contains(part));
        self.fault.iter_mut().filter(|row| is_of(row)).find_map(Row::next)
    }
}

impl Row {
    fn next(&mut self) -> Option<Fault> {
        self.seen.0 += 1;
        let is_due = self.seen.0.is_multiple_of(self.every) && self.times.is_none_or(|times| self.seen.1 < times);
        if !is_due {
            return None;
        }
        self.seen.1 += 1;
        let reply = || {
            let reply = Reply::text(self.status, "application/json", self.body.clone());
            self.headers.iter().fold(reply, |reply, (name, value)| reply.header(name, value))
        };
        let how = match self.kind {
            Kind::Answer => How::Answer(reply()),
            Kind::Hang => How::Hang,
            Kind::Drip => How::Drip { every: Duration::from_secs(1) },
            Kind::Cut => How::Cut,
            Kind::CutBody => How::CutBody,
            Kind::Flood => How::Flood { bytes: 100 << 20 },
        };
        Some(Fault { applied: self.applied, how })
    }
}
