//! Writing small JSON objects, and reading JSON by the names of its fields.
//!
//! Answers are read from a `Value` and not by derived types, because the derived code for every
//! record costs 1 to 3 kB of component each; and what has another type than it should counts as
//! not there, so that one odd field fails no call that does not need it.

use crate::failure::{Failure, FailureKind, Result};
use serde_json::Value;

/// A JSON object that is being written: text, since nothing here reads what it wrote.
#[derive(Clone, Default)]
pub struct Object(String);

impl Object {
    /// An object without fields.
    pub fn new() -> Object {
        Object::default()
    }

    /// The same with a text.
    pub fn text(self, name: &str, value: &str) -> Object {
        self.raw(name, &quoted(value))
    }

    /// The same with a list of texts.
    pub fn texts(self, name: &str, values: &[&str]) -> Object {
        let mut list = String::new();
        for value in values {
            push_item(&mut list, &quoted(value));
        }
        self.raw(name, &format!("[{list}]"))
    }

    /// The same with a list of objects.
    pub fn objects(self, name: &str, values: Vec<Object>) -> Object {
        let mut list = String::new();
        for value in values {
            push_item(&mut list, &value.finish());
        }
        self.raw(name, &format!("[{list}]"))
    }

    /// The same with a value that is JSON already.
    pub fn raw(mut self, name: &str, json: &str) -> Object {
        push_item(&mut self.0, &quoted(name));
        self.0.push(':');
        self.0.push_str(json);
        self
    }

    /// The object as JSON.
    pub fn finish(&self) -> String {
        format!("{{{}}}", self.0)
    }
}

fn push_item(list: &mut String, item: &str) {
    if !list.is_empty() {
        list.push(',');
    }
    list.push_str(item);
}

fn quoted(text: &str) -> String {
    // Writing a text to memory cannot fail.
    serde_json::to_string(text).unwrap_or_default()
}

/// What is read from a JSON object.
pub(crate) trait Fields {
    /// A text that is there and not empty.
    fn text(&self, name: &str) -> Option<&str>;

    /// The same, or nothing as an empty text.
    fn owned(&self, name: &str) -> String {
        self.text(name).unwrap_or_default().to_owned()
    }

    /// A text without which the answer is of no use.
    ///
    /// # Errors
    ///
    /// Fails as `protocol` where it is missing.
    fn need(&self, name: &str) -> Result<String> {
        self.text(name).map(str::to_owned).ok_or_else(|| {
            Failure::new(FailureKind::Protocol, format!("Atlassian's answer has no `{name}`."))
                .advise(crate::failure::WRONG_ADDRESS)
        })
    }

    /// A list, or none as an empty one.
    fn list(&self, name: &str) -> &[Value];

    /// A truth value.
    fn flag(&self, name: &str) -> Option<bool>;
}

impl Fields for Value {
    fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    fn list(&self, name: &str) -> &[Value] {
        self.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_json_of_just_those_texts(name in any::<String>(), value in any::<String>()) {
            let object = Object::new().text(&name, &value).texts("list", &[&value, "x"]);
            let object = object.objects("objects", vec![Object::new(), Object::new().raw("n", "1")]);
            let read: Value = serde_json::from_str(&object.finish()).unwrap();
            prop_assert_eq!(read.get(&name).and_then(Value::as_str), Some(value.as_str()));
            prop_assert_eq!(read["list"][0].as_str(), Some(value.as_str()));
            prop_assert_eq!(read["objects"][1]["n"].as_u64(), Some(1));
        }
    }
}
