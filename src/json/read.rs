//! Reading JSON (RFC 8259).
//!
//! `serde_json` reads numbers, positions and errors that nobody here asks for, which is 14 kB of
//! component against 3; the tests and a fuzz target compare this with it.

use super::Value;
use std::cell::Cell;

/// How deep values may be nested; each level takes stack.
const DEEPEST: u32 = 128;

/// Reads a text that is one value and nothing else.
pub(super) fn whole(json: &[u8], left: &Cell<usize>) -> Option<Value> {
    let mut text = Text { rest: json, left };
    let value = text.value(DEEPEST)?;
    text.skip_space();
    text.rest.is_empty().then_some(value)
}

/// What is still to be read.
struct Text<'a> {
    rest: &'a [u8],
    /// How many more values there may be.
    left: &'a Cell<usize>,
}

impl Text<'_> {
    fn skip_space(&mut self) {
        while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    /// Takes one byte, if it is that one.
    fn take(&mut self, byte: u8) -> bool {
        let rest = self.rest.strip_prefix(&[byte]);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn take_word(&mut self, word: &[u8], value: Value) -> Option<Value> {
        self.rest = self.rest.strip_prefix(word)?;
        Some(value)
    }

    fn value(&mut self, depth: u32) -> Option<Value> {
        self.left.set(self.left.get().checked_sub(1)?);
        self.skip_space();
        match self.rest.first()? {
            b'n' => self.take_word(b"null", Value::Null),
            b't' => self.take_word(b"true", Value::Flag(true)),
            b'f' => self.take_word(b"false", Value::Flag(false)),
            b'"' => self.string().map(Value::Text),
            b'[' => {
                let mut items = Vec::new();
                self.items(b']', depth, |text, depth| {
                    items.push(text.value(depth)?);
                    Some(())
                })?;
                Some(Value::List(items))
            }
            b'{' => {
                let mut fields = Vec::new();
                self.items(b'}', depth, |text, depth| {
                    text.skip_space();
                    let name = text.string()?;
                    text.skip_space();
                    if !text.take(b':') {
                        return None;
                    }
                    fields.push((name, text.value(depth)?));
                    Some(())
                })?;
                Some(Value::Object(fields))
            }
            _ => self.number(),
        }
    }

    /// What stands between brackets, parted by commas.
    fn items(&mut self, end: u8, depth: u32, mut item: impl FnMut(&mut Self, u32) -> Option<()>) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        self.rest = self.rest.get(1..)?;
        self.skip_space();
        if self.take(end) {
            return Some(());
        }
        loop {
            item(self, depth)?;
            self.skip_space();
            if self.take(end) {
                return Some(());
            }
            if !self.take(b',') {
                return None;
            }
        }
    }

    fn digits(&mut self) -> Option<&[u8]> {
        let length = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        (!digits.is_empty()).then_some(digits)
    }

    fn number(&mut self) -> Option<Value> {
        let is_negative = self.take(b'-');
        let digits = self.digits()?;
        if digits.len() > 1 && digits[0] == b'0' {
            return None;
        }
        let step = |number: u64, digit: &u8| number.checked_mul(10)?.checked_add(u64::from(digit - b'0'));
        let mut number = digits.iter().try_fold(0, step).filter(|_| !is_negative);
        if self.take(b'.') {
            self.digits()?;
            number = None;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
            number = None;
        }
        Some(number.map_or(Value::Null, Value::Number))
    }

    fn string(&mut self) -> Option<String> {
        if !self.take(b'"') {
            return None;
        }
        let mut string = String::new();
        loop {
            let plain = self.rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count();
            let (plain, rest) = self.rest.split_at_checked(plain)?;
            string.push_str(std::str::from_utf8(plain).ok()?);
            let (end, rest) = rest.split_first()?;
            self.rest = rest;
            match end {
                b'"' => return Some(string),
                b'\\' => string.push(self.escape()?),
                _ => return None,
            }
        }
    }

    /// What stands behind a backslash.
    fn escape(&mut self) -> Option<char> {
        let (kind, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(match kind {
            b'"' | b'\\' | b'/' => char::from(*kind),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.hex()?;
                if !(0xd800..0xdc00).contains(&unit) {
                    return char::from_u32(unit);
                }
                // The first half of a character outside of the first 65,536; the other has to follow.
                self.rest = self.rest.strip_prefix(b"\\u")?;
                let low = self.hex()?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                char::from_u32(0x10000 + ((unit - 0xd800) << 10) + low)?
            }
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(4)?;
        self.rest = rest;
        digits.iter().try_fold(0, |number, digit| Some(number << 4 | char::from(*digit).to_digit(16)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ours(json: &[u8]) -> Option<Value> {
        Value::read(json)
    }

    /// What `serde_json` reads, as one of ours.
    fn theirs(value: serde_json::Value) -> Value {
        match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(flag) => Value::Flag(flag),
            serde_json::Value::Number(number) => number.as_u64().map_or(Value::Null, Value::Number),
            serde_json::Value::String(text) => Value::Text(text),
            serde_json::Value::Array(list) => Value::List(list.into_iter().map(theirs).collect()),
            serde_json::Value::Object(fields) => {
                Value::Object(fields.into_iter().map(|(name, value)| (name, theirs(value))).collect())
            }
        }
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<u64>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(6, 60, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                proptest::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_json_is_read_as_serde_json_reads_it(json in any_json()) {
            prop_assert_eq!(ours(json.to_string().as_bytes()), Some(theirs(json.clone())));
            let pretty = serde_json::to_string_pretty(&json).unwrap();
            prop_assert_eq!(ours(pretty.as_bytes()), Some(theirs(json)));
        }

        #[test]
        fn what_is_no_json_is_none_here_either(
            json in any_json(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
        ) {
            let mut bytes = json.to_string().into_bytes();
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at) } else { bytes[at] = byte }
            let serde = serde_json::from_slice::<serde_json::Value>(&bytes).map(drop);
            // It stops at a number that no float holds, unless it only looks at what is written there.
            let theirs = match serde {
                Err(error) if error.to_string().starts_with("number out of range") => {
                    serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok()
                }
                serde => serde.is_ok(),
            };
            prop_assert_eq!(ours(&bytes).is_some(), theirs, "{:?}", String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn escapes_numbers_and_halves_of_characters_are_read_by_the_rules() {
        for (json, value) in [
            (r#""\"\\\/\b\f\n\r\tAé""#, Some(Value::Text("\"\\/\u{8}\u{c}\n\r\tAé".into()))),
            (r#""😀""#, Some(Value::Text("😀".into()))),
            (r#""\ud83d""#, None),
            (r#""\ud83dx""#, None),
            (r#""\ud83d\u0041""#, None),
            (r#""\ude00""#, None),
            (r#""\x""#, None),
            ("\"\u{1}\"", None),
            ("-0", Some(Value::Null)),
            ("1.5e+3", Some(Value::Null)),
            ("18446744073709551616", Some(Value::Null)),
            ("18446744073709551615", Some(Value::Number(u64::MAX))),
            ("01", None),
            ("1.", None),
            ("1e", None),
            ("+1", None),
            ("[1,]", None),
            ("{\"a\":1,}", None),
            ("{a:1}", None),
            ("nul", None),
            ("", None),
            (" ", None),
            ("1 1", None),
        ] {
            assert_eq!(ours(json.as_bytes()), value, "{json}");
        }
        assert_eq!(ours(b"\"\xff\""), None);
    }

    #[test]
    fn depth_and_number_of_values_are_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(ours(nested(128).as_bytes()).is_some() && ours(nested(129).as_bytes()).is_none());
        assert!(ours("[".repeat(1 << 20).as_bytes()).is_none());
        let wide = |values: usize| format!("[{}1]", "1,".repeat(values - 2));
        let most = super::super::MAX_VALUES;
        assert!(ours(wide(most).as_bytes()).is_some() && ours(wide(most + 1).as_bytes()).is_none());
    }
}
