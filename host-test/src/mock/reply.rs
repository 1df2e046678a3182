//! What the mock answers, and the error bodies of each of Atlassian's planes.

use serde_json::{Value, json};

/// A status, headers and a body.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers besides those of HTTP itself.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A body of any kind.
    pub fn text(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Reply {
        Reply { status, headers: vec![("content-type".to_owned(), content_type.to_owned())], body: body.into() }
    }

    /// A JSON body.
    pub fn json(status: u16, body: &Value) -> Reply {
        Reply::text(status, "application/json", body.to_string())
    }

    /// No body.
    pub fn empty(status: u16) -> Reply {
        Reply { status, headers: Vec::new(), body: Vec::new() }
    }

    /// The same with one more header.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Reply {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The organization plane's error: `{errors: [{id, status, code, title, detail}]}`.
    pub(crate) fn admin_error(status: u16, code: &str, title: &str, detail: &str) -> Reply {
        let error = json!({"id": "mock", "status": status.to_string(), "code": code, "title": title, "detail": detail});
        Reply::json(status, &json!({"errors": [error]}))
    }

    /// The gateway's error in front of the organization plane: `{code, message}`.
    pub(crate) fn gateway_error(status: u16, message: &str) -> Reply {
        Reply::json(status, &json!({"code": status, "message": message}))
    }

    /// Jira's error: `{errorMessages, errors}`.
    pub(crate) fn jira_error(status: u16, message: &str) -> Reply {
        Reply::json(status, &json!({"errorMessages": [message], "errors": {}}))
    }
}
