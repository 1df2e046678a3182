//! Writing small JSON objects, and reading JSON by the names of its fields.
//!
//! Answers are read from a [`Value`] and not by derived types, because the derived code for every
//! record costs 1 to 3 kB of component each; and what has another type than it should counts as
//! not there, so that one odd field fails no call that does not need it.

use crate::failure::{Failure, FailureKind, Result};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

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

/// A JSON value.
///
/// Not `serde_json`'s, whose objects are B-trees: these are lists, which is 5 kB less of component,
/// and Atlassian's objects have a dozen fields.
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

impl Value {
    /// Reads JSON; nothing where it is none, or nested deeper than 128.
    pub fn read(json: &[u8]) -> Option<Value> {
        serde_json::from_slice(json).ok()
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

    /// A truth value.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        if let Some(Value::Flag(flag)) = self.get(name) { Some(*flag) } else { None }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Value, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

/// Makes a [`Value`] of whatever comes.
struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> std::result::Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> std::result::Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_i64<E>(self, _: i64) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_f64<E>(self, _: f64) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_str<E>(self, text: &str) -> std::result::Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> std::result::Result<Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = entries.next_entry()? {
            fields.push(field);
        }
        Ok(Value::Object(fields))
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
}
