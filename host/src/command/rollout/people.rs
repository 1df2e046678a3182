//! The people in a file: CSV as spreadsheets write it, JSON or YAML.

use crate::command::arguments::access;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::io::Read as _;
use std::path::Path;
use usher_host::{Person, Presence};

/// What is in a file.
#[derive(Debug, Default)]
pub(crate) struct People {
    pub(crate) people: Vec<Person>,
    /// Where each of them is, such as `line 7`.
    pub(crate) places: Vec<String>,
    /// What could not be read: where it is and why.
    pub(crate) bad: Vec<(String, String)>,
    /// The columns that mean nothing here.
    pub(crate) ignored: Vec<String>,
}

impl People {
    /// Where an address is; of several, where the last is.
    pub(crate) fn place(&self, email: &str) -> Option<&str> {
        let at = self.people.iter().rposition(|person| person.email == email)?;
        Some(&self.places[at])
    }

    /// Leaves out those whose lower-case address is among these.
    pub(crate) fn leave_out(&mut self, done: &HashSet<String>) {
        let keeps: Vec<bool> = self.people.iter().map(|person| !done.contains(&person.email.to_lowercase())).collect();
        let (mut of_people, mut of_places) = (keeps.iter(), keeps.iter());
        self.people.retain(|_| of_people.next() == Some(&true));
        self.places.retain(|_| of_places.next() == Some(&true));
    }

    fn add(&mut self, place: String, row: Result<Person, String>) {
        match row {
            Ok(person) => {
                self.people.push(person);
                self.places.push(place);
            }
            Err(why) => self.bad.push((place, why)),
        }
    }
}

/// Reads a file.
///
/// # Errors
///
/// What is wrong with all of it; what is wrong with a row is in [`People::bad`].
pub(crate) fn read(file: &Path) -> Result<People, String> {
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    let name = file.display();
    read.map_err(|error| format!("{name} cannot be read: {error}"))?;
    let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    parse(&bytes, &extension.to_ascii_lowercase()).map_err(|error| format!("{name}: {error}"))
}

fn parse(bytes: &[u8], extension: &str) -> Result<People, String> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("it is UTF-16; save it as `CSV UTF-8`".into());
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("line {line} is not UTF-8; save it as `CSV UTF-8`")
    })?;
    match extension {
        "json" => items(serde_json::from_str(text).map_err(|error| error.to_string())?),
        "yaml" | "yml" => items(serde_yaml_ng::from_str(text).map_err(|error| error.to_string())?),
        "xlsx" | "xls" | "ods" => Err("it is a workbook; save it as CSV".into()),
        _ => csv(text),
    }
}

/// A person as JSON and YAML have them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    email: String,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    groups: Values,
    #[serde(default)]
    access: Values,
}

/// One value or several.
#[derive(Default, Deserialize)]
#[serde(untagged)]
enum Values {
    Several(Vec<Scalar>),
    One(Scalar),
    #[default]
    Nothing,
}

/// A group may be called 2024.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Number(serde_json::Number),
}

impl Scalar {
    fn text(self) -> String {
        match self {
            Scalar::Text(text) => text,
            Scalar::Number(number) => number.to_string(),
        }
    }
}

impl Values {
    fn list(self) -> Vec<String> {
        match self {
            // What is a list already has nothing to be parted at.
            Values::Several(several) => several.into_iter().map(|it| it.text().trim().to_owned()).collect(),
            Values::One(one) => values(&one.text()),
            Values::Nothing => Vec::new(),
        }
    }
}

/// A list of people; each is read alone, so that one that is wrong is named.
fn items(list: Vec<serde_json::Value>) -> Result<People, String> {
    let mut people = People::default();
    for (at, item) in list.into_iter().enumerate() {
        let item = serde_json::from_value(item).map_err(|error| error.to_string());
        let row = item.and_then(|Item { email, state, groups, access }| {
            person(email.trim(), state.as_deref().unwrap_or_default(), groups.list(), &access.list())
        });
        people.add(format!("item {}", at + 1), row);
    }
    Ok(people)
}

/// The columns, each with the names it goes by.
const COLUMNS: [(&str, &[&str]); 4] = [
    ("email", &["email", "e-mail", "mail", "email address", "e-mail address"]),
    ("groups", &["groups", "group"]),
    ("access", &["access", "product", "products"]),
    ("state", &["state", "status"]),
];

fn csv(text: &str) -> Result<People, String> {
    // What parts the columns is what the heading has most of.
    let heading = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |delimiter: &u8| heading.bytes().filter(|byte| byte == delimiter).count();
    let delimiter = [b',', b';', b'\t'].into_iter().rev().max_by_key(count).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut rows = reader.records().filter(|row| !row.as_ref().is_ok_and(|row| row.iter().all(str::is_empty)));
    let heading = rows.next().ok_or("it is empty")?.map_err(|error| error.to_string())?;
    let mut people = People::default();
    let mut columns: HashMap<&str, usize> = HashMap::new();
    for (at, name) in heading.iter().enumerate() {
        let lowered = name.to_lowercase();
        match COLUMNS.iter().find(|(_, names)| names.contains(&lowered.as_str())) {
            Some((column, _)) if columns.insert(column, at).is_some() => {
                return Err(format!("it has two columns `{column}`"));
            }
            Some(_) => {}
            None if name.is_empty() => {}
            None => people.ignored.push(name.to_owned()),
        }
    }
    if !columns.contains_key("email") {
        return Err("it has no column `email`; its first row has to name the columns".into());
    }
    for row in rows {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                people.bad.push((line_at(text, error.position()), error.to_string()));
                continue;
            }
        };
        let place = line_at(text, row.position());
        let cell = |column: &str| columns.get(column).and_then(|at| row.get(*at)).unwrap_or_default();
        let lines = row.iter().map(|cell| cell.matches('\n').count()).sum::<usize>();
        let read = if lines > 0 {
            Err(format!("it goes on for {} lines: a quote in it is not closed", lines + 1))
        } else if row.iter().skip(heading.len()).any(|cell| !cell.is_empty()) {
            Err(format!("it has {} cells, and the heading has {}", row.len(), heading.len()))
        } else {
            person(cell("email"), cell("state"), values(cell("groups")), &values(cell("access")))
        };
        people.add(place, read);
    }
    Ok(people)
}

/// The line that a row begins in: a position is where the row before it ended, and counts none of the
/// line breaks and empty lines between them.
fn line_at(text: &str, position: Option<&csv::Position>) -> String {
    let start = position.map_or(text.len(), |position| position.byte() as usize).min(text.len());
    let gap = text[start..].len() - text[start..].trim_start_matches(['\r', '\n']).len();
    format!("line {}", text[..start + gap].matches('\n').count() + 1)
}

/// The values of a cell.
fn values(cell: &str) -> Vec<String> {
    cell.split([';', '|']).map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned).collect()
}

fn person(email: &str, state: &str, groups: Vec<String>, products: &[String]) -> Result<Person, String> {
    if email.is_empty() {
        return Err("there is no e-mail address".into());
    }
    let state = match state.trim().to_lowercase().as_str() {
        "" | "present" => Presence::Present,
        "gone" => Presence::Gone,
        _ => return Err(format!("state: `{}` is neither present nor gone", state.trim())),
    };
    let access = products.iter().map(|product| access(product)).collect::<Result<_, _>>()?;
    Ok(Person { email: email.to_owned(), state, access, groups })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;
    use usher_host::Role;

    fn emails(people: &People) -> Vec<&str> {
        people.people.iter().map(|person| person.email.as_str()).collect()
    }

    #[test]
    fn a_spreadsheets_export_is_read_with_what_spreadsheets_do_to_it() {
        let text = "\u{feff}\"E-Mail\";Groups;Access;State;Name\r\n\
                    \r\n\
                    mia@acme.example ;\"engineering; writers \";jira-software|confluence=guest;;Mia\r\n\
                    ;;;;\r\n\
                    \r\n\
                    liam@acme.example;;;GONE;Liam\r\n";
        let people = parse(text.as_bytes(), "csv").unwrap();
        assert_eq!(emails(&people), ["mia@acme.example", "liam@acme.example"]);
        assert_eq!(people.places, ["line 3", "line 6"]);
        assert_eq!(people.people[0].groups, ["engineering", "writers"]);
        assert_eq!(people.people[0].access.len(), 2);
        assert_eq!(people.people[0].access[1].role, Role::Guest);
        assert_eq!((people.people[0].state, people.people[1].state), (Presence::Present, Presence::Gone));
        assert_eq!(people.ignored, ["Name"]);
        assert!(people.bad.is_empty(), "{:?}", people.bad);
    }

    #[test]
    fn a_bad_row_is_named_by_its_line_and_the_others_are_read() {
        let text = "email,groups,state,access\n\
                    mia@acme.example,a,present,jira\n\
                    ,b,,\n\
                    x@acme.example,,away,\n\
                    y@acme.example,,,jira=boss\n\
                    z@acme.example,a,,jira,more,than,that\n\
                    \"two\nlines@acme.example\",,away,\n\
                    last@acme.example\n";
        let people = parse(text.as_bytes(), "csv").unwrap();
        assert_eq!(emails(&people), ["mia@acme.example", "last@acme.example"]);
        let lines: Vec<&str> = people.bad.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(lines, ["line 3", "line 4", "line 5", "line 6", "line 7"]);
        assert_eq!(people.place("last@acme.example"), Some("line 9"));
    }

    #[test]
    fn a_quote_that_is_not_closed_swallows_nobody_without_a_word() {
        let text = "email,groups,name\nmia@acme.example,a,\"Mia\nliam@acme.example,a,Liam\nnoa@acme.example,a,\"\n";
        let people = parse(text.as_bytes(), "csv").unwrap();
        assert_eq!((people.people.len(), people.bad.len()), (0, 1));
        let (place, why) = &people.bad[0];
        assert_eq!((place.as_str(), why.as_str()), ("line 2", "it goes on for 3 lines: a quote in it is not closed"));
        let more = parse(b"email,groups,\nmia@acme.example,a,,,\n", "csv").unwrap();
        assert_eq!((more.people.len(), more.bad.len(), more.ignored.len()), (1, 0, 0));
    }

    #[test]
    fn json_and_yaml_say_the_same_as_csv() {
        let json = r#"[{"email": "mia@acme.example", "groups": ["a|b", 2024], "access": "jira"},
                       {"email": "liam@acme.example", "state": "gone"}, {"mail": "x"}, 7]"#;
        let yaml = "- email: mia@acme.example\n  groups: [a|b, 2024]\n  access: jira\n\
                    - {email: liam@acme.example, state: gone}\n- {mail: x}\n- 7\n";
        for (text, extension) in [(json, "json"), (yaml, "yaml"), (yaml, "yml")] {
            let people = parse(text.as_bytes(), extension).unwrap();
            assert_eq!(emails(&people), ["mia@acme.example", "liam@acme.example"], "{extension}");
            assert_eq!(people.people[0].groups, ["a|b", "2024"]);
            assert_eq!(people.places, ["item 1", "item 2"]);
            assert_eq!(people.bad.iter().map(|(place, _)| place.as_str()).collect::<Vec<_>>(), ["item 3", "item 4"]);
        }
    }

    #[test]
    fn what_is_wrong_with_all_of_it_is_said() {
        for (bytes, extension, word) in [
            (&b"\xff\xfee\0"[..], "csv", "UTF-16"),
            (b"email\nm\xfcller@acme.example\n", "csv", "line 2 is not UTF-8"),
            (b"name,groups\nMia,a\n", "csv", "no column `email`"),
            (b"email,E-Mail\n", "csv", "two columns"),
            (b" \n\n", "csv", "empty"),
            (b"{}", "json", "invalid type"),
            (b"a: 1", "yaml", "invalid type"),
            (b"PK", "xlsx", "workbook"),
        ] {
            let error = parse(bytes, extension).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }
}
