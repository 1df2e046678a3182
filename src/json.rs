//! Writing small JSON objects, and reading JSON by the names of its fields.
//!
//! Answers are read from a [`Value`] and not by derived types, because the derived code for every
//! record costs 1 to 3 kB of component each; and what has another type than it should counts as
//! not there, so that one odd field fails no call that does not need it.

mod read;

use crate::failure::{Failure, FailureKind, Result};
use std::cell::Cell;

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
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c < ' ' => {
                let hex = |digit: u32| char::from_digit(digit, 16).unwrap_or('0');
                quoted.push_str("\\u00");
                quoted.extend([hex(u32::from(c) >> 4), hex(u32::from(c) & 15)]);
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A JSON value.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Flag(bool),
    /// A whole number that is not negative; any other number is [`Value::Null`], as none is asked for.
    Number(u64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Value>),
    /// An object, its fields in their order.
    Object(Vec<(String, Value)>),
}

/// How many values an answer may have, and a list of all its pages. A page of 100 people with 50
/// groups each has some 20,000; and 100,000 take some 10 MB, of the 32 MiB that a sandbox has.
pub(crate) const MAX_VALUES: usize = 100_000;

impl Value {
    /// Reads JSON; nothing where it is none, is nested deeper than 128, or has more than 100,000 values.
    pub fn read(json: &[u8]) -> Option<Value> {
        Value::read_within(json, &Cell::new(MAX_VALUES))
    }

    /// The same, taking what it has of values from what there may be: a body of `[[],[],…` is twelve
    /// times as large in memory.
    pub(crate) fn read_within(json: &[u8], left: &Cell<usize>) -> Option<Value> {
        read::whole(json, left)
    }

    /// A field of an object; of several with that name the last.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let Value::Object(fields) = self else { return None };
        fields.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Takes a field out of an object.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        let Value::Object(fields) = self else { return None };
        let at = fields.iter().rposition(|(key, _)| key == name)?;
        Some(fields.swap_remove(at).1)
    }

    /// A number.
    pub(crate) fn as_number(&self) -> Option<u64> {
        if let Value::Number(number) = self { Some(*number) } else { None }
    }

    /// A string.
    pub fn as_text(&self) -> Option<&str> {
        if let Value::Text(text) = self { Some(text) } else { None }
    }

    /// An array.
    pub fn as_list(&self) -> Option<&[Value]> {
        if let Value::List(list) = self { Some(list) } else { None }
    }

    /// A text that is there and not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_text().filter(|text| !text.is_empty())
    }

    /// The same, or nothing as an empty text.
    pub(crate) fn owned(&self, name: &str) -> String {
        self.text(name).unwrap_or_default().to_owned()
    }

    /// A text without which the answer is of no use.
    ///
    /// # Errors
    ///
    /// Fails as `protocol` where it is missing.
    pub(crate) fn need(&self, name: &str) -> Result<String> {
        self.text(name).map(str::to_owned).ok_or_else(|| {
            Failure::new(FailureKind::Protocol, format!("Atlassian's answer has no `{name}`."))
                .advise(crate::failure::WRONG_ADDRESS)
        })
    }

    /// A list, or none as an empty one.
    pub(crate) fn list(&self, name: &str) -> &[Value] {
        self.get(name).and_then(Value::as_list).unwrap_or_default()
    }

    /// The texts in a list.
    pub(crate) fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.list(name).iter().filter_map(Value::as_text)
    }

    /// A number.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.as_number()
    }

    /// A truth value.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        if let Some(Value::Flag(flag)) = self.get(name) { Some(*flag) } else { None }
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
            let read: serde_json::Value = serde_json::from_str(&object.finish()).unwrap();
            prop_assert_eq!(read[&name].as_str(), Some(value.as_str()));
            prop_assert_eq!(read["list"][0].as_str(), Some(value.as_str()));
            prop_assert_eq!(read["objects"][1]["n"].as_u64(), Some(1));
        }
    }

    #[test]
    fn every_control_character_is_escaped() {
        let all: String = (0..0x80).filter_map(char::from_u32).collect();
        let written = Object::new().text("all", &all).finish();
        let read: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(read["all"].as_str(), Some(all.as_str()));
    }
}
