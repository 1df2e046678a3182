//! What an error body says, in whatever form it says it.

use crate::json::Value;
use crate::text::cut;

/// What an error body says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// Its sentence; empty where there is none.
    pub(super) sentence: String,
    /// Atlassian's code.
    pub(super) code: Option<String>,
    /// Whether its form is Jira's, the admin APIs' or user management's, and not that of something in
    /// front of them.
    pub(super) is_of_an_api: bool,
}

/// Reads an error body.
///
/// Atlassian has at least five forms of JSON errors, and answers in XML or HTML where a gateway
/// or a login page is in front.
pub(super) fn said(body: &[u8]) -> Said {
    let Some(value) = Value::read(body) else {
        // As far as it is text.
        let begin = &body[..body.len().min(4096)];
        let valid = std::str::from_utf8(begin).map_or_else(|error| error.valid_up_to(), str::len);
        let text = std::str::from_utf8(&begin[..valid]).unwrap_or_default();
        let sentence = ["message", "title"].iter().find_map(|tag| element(text, tag)).or_else(|| plain(text));
        return Said { sentence: sentence.unwrap_or_default(), ..Said::default() };
    };
    let mut sentences: Vec<String> = value.texts("errorMessages").map(str::to_owned).collect();
    let mut code = None;
    if let Some(Value::Object(fields)) = value.get("errors") {
        sentences.extend(fields.iter().filter_map(|(field, text)| Some(format!("{field}: {}", text.as_text()?))));
    }
    for error in value.list("errors") {
        sentences.extend(error.text("detail").or_else(|| error.text("title")).map(str::to_owned));
        code = code.or_else(|| error.text("code"));
    }
    if sentences.is_empty() {
        let keys = ["message", "error_description", "error", "detail", "key"];
        sentences.extend(keys.iter().find_map(|key| value.text(key)).map(str::to_owned));
    }
    Said {
        sentence: short(&sentences.join(" ")).unwrap_or_default(),
        code: code.or_else(|| value.text("code")).map(str::to_owned),
        is_of_an_api: ["errorMessages", "errors", "key"].iter().any(|form| value.get(form).is_some()),
    }
}

/// The text of the first `<tag>` in XML or HTML.
fn element(text: &str, tag: &str) -> Option<String> {
    let (_, rest) = cut(text, &format!("<{tag}>"))?;
    short(rest.split_once('<')?.0)
}

/// Text that is no markup.
fn plain(text: &str) -> Option<String> {
    (!text.trim_ascii_start().starts_with('<')).then(|| short(text)).flatten()
}

/// One line of at most 300 characters.
fn short(text: &str) -> Option<String> {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if line.len() + word.len() > 300 {
            line.push('…');
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_is_found_in_every_form_of_error_body() {
        for (body, sentence, code) in [
            (r#"{"errorMessages":["No such group."],"errors":{}}"#, "No such group.", None),
            (r#"{"errorMessages":[],"errors":{"email":"is taken"}}"#, "email: is taken", None),
            (r#"{"errors":[{"code":"ADMIN-400-4","title":"Bad","detail":"Bad org"}]}"#, "Bad org", Some("ADMIN-400-4")),
            (r#"{"errors":[{"code":"X","title":"Bad","detail":null}]}"#, "Bad", Some("X")),
            (r#"{"code":401,"message":"Unauthorized"}"#, "Unauthorized", None),
            (
                r#"{"error": "Failed to parse Connect Session Auth Token"}"#,
                "Failed to parse Connect Session Auth Token",
                None,
            ),
            (r#"{"key":"unauthorized"}"#, "unauthorized", None),
            ("<html><head><title>Unauthorized (401)</title></head></html>", "Unauthorized (401)", None),
            (
                "<?xml version=\"1.0\"?><status><message>Client must be\n authenticated</message></status>",
                "Client must be authenticated",
                None,
            ),
            ("upstream connect error", "upstream connect error", None),
        ] {
            let said = said(body.as_bytes());
            assert_eq!((said.sentence.as_str(), said.code.as_deref()), (sentence, code), "{body}");
            let is_of_an_api =
                ["errorMessages", "errors", "key"].iter().any(|form| body.starts_with(&format!("{{\"{form}")));
            assert_eq!(said.is_of_an_api, is_of_an_api, "{body}");
        }
        for nothing in ["", "<html><body>x</body></html>", "{}", "[]", "null", "3"] {
            assert!(["", "3"].contains(&said(nothing.as_bytes()).sentence.as_str()), "{nothing}");
        }
    }

    #[test]
    fn a_long_body_is_cut_and_stays_one_line() {
        let said = said("word\r\n".repeat(10_000).as_bytes()).sentence;
        assert!(said.len() <= 305 && !said.contains('\n'), "{said}");
    }
}
