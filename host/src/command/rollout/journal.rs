//! The journal of a rollout: a line of JSON for each person, written as soon as the call ends that it was a
//! part of, so that a later run goes on. What a crash loses of it, the next plan finds out.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use usher_host::{Applied, StepOutcome};

use super::show;

/// What an earlier run did for somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Earlier {
    pub(crate) email: String,
    pub(crate) outcome: String,
    pub(crate) account_id: String,
}

/// A journal that is being written.
pub(crate) struct Journal(File);

impl Journal {
    /// Begins a new journal.
    ///
    /// # Errors
    ///
    /// Fails where there is one already: it may be all that is known of an earlier run.
    pub(crate) fn begin(path: &Path, about: &Value) -> Result<Journal, String> {
        let file = OpenOptions::new().write(true).create_new(true).open(path);
        let mut journal = file.map(Journal).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => format!(
                "{} is there from an earlier run: go on with --resume, or remove it to begin anew",
                path.display()
            ),
            _ => format!("{} cannot be written: {error}", path.display()),
        })?;
        journal.line(&json!({ "rollout": about }).to_string())?;
        Ok(journal)
    }

    /// Goes on with one, and gives what it says of those who are done.
    ///
    /// # Errors
    ///
    /// Fails where it is about something else: who was done there is not done here.
    pub(crate) fn resume(path: &Path, about: &Value) -> Result<(Journal, Vec<Earlier>), String> {
        let wrong = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(wrong)?;
        let mut done: BTreeMap<String, Earlier> = BTreeMap::new();
        for line in BufReader::new(&file).lines() {
            // The last line of a run that crashed may be cut; whom it is about is looked at again.
            let Ok(line) = serde_json::from_str::<Value>(&line.map_err(wrong)?) else { continue };
            if line.get("rollout").is_some_and(|other| other != about) {
                let message = "is of a run with other options, or for another site or organization";
                return Err(format!("{} {message}: remove it to begin anew", path.display()));
            }
            let Some(email) = line["email"].as_str() else { continue };
            // A later line says better.
            let outcome = line["outcome"].as_str().unwrap_or_default();
            if matches!(outcome, "done" | "already-so") {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let earlier = Earlier {
                    email: email.to_owned(),
                    outcome: outcome.to_owned(),
                    account_id: text(&line["accountId"]),
                };
                done.insert(email.to_lowercase(), earlier);
            } else {
                done.remove(&email.to_lowercase());
            }
        }
        let mut last = [b'\n'];
        if file.seek(SeekFrom::End(-1)).is_ok() {
            file.read_exact(&mut last).map_err(wrong)?;
        }
        let is_new = file.metadata().map_err(wrong)?.len() == 0;
        let mut journal = Journal(file);
        if is_new {
            journal.line(&json!({ "rollout": about }).to_string())?;
        } else if last != [b'\n'] {
            journal.line("")?;
        }
        Ok((journal, done.into_values().collect()))
    }

    /// Writes what became of steps, through to the disk.
    pub(crate) fn write(&mut self, applied: &[Applied]) -> Result<(), String> {
        let mut lines = String::new();
        for it in applied {
            lines.push_str(&show::applied_json(it).to_string());
            lines.push('\n');
        }
        self.0.write_all(lines.as_bytes()).and_then(|()| self.0.sync_data()).map_err(cannot)
    }

    /// Notes that a person needed nothing.
    pub(crate) fn settled(&mut self, emails: &[String]) -> Result<(), String> {
        let line =
            |email: &String| format!("{}\n", json!({"email": email, "outcome": show::outcome(StepOutcome::AlreadySo)}));
        let lines: String = emails.iter().map(line).collect();
        self.0.write_all(lines.as_bytes()).map_err(cannot)
    }

    fn line(&mut self, text: &str) -> Result<(), String> {
        writeln!(self.0, "{text}").map_err(cannot)
    }
}

fn cannot(error: std::io::Error) -> String {
    format!("the journal cannot be written: {error}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    fn applied(email: &str, outcome: StepOutcome) -> Applied {
        Applied { email: email.into(), outcome, account_id: None, failure: None }
    }

    #[test]
    fn a_run_goes_on_after_what_was_written_even_if_the_last_line_is_cut() {
        let path = std::env::temp_dir().join(format!("usher-journal-{}.jsonl", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let about = json!({"gone": "Remove"});
        let mut journal = Journal::begin(&path, &about).unwrap();
        journal
            .write(&[applied("A@x.example", StepOutcome::Done), applied("b@x.example", StepOutcome::Failed)])
            .unwrap();
        journal.settled(&["c@x.example".to_owned()]).unwrap();
        drop(journal);
        assert!(Journal::begin(&path, &about).is_err_and(|error| error.contains("--resume")));
        let whole = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{whole}{{\"email\":\"d@x.exa")).unwrap();
        let (mut journal, done) = Journal::resume(&path, &about).unwrap();
        let emails = |done: &[Earlier]| done.iter().map(|it| it.email.clone()).collect::<Vec<_>>();
        assert_eq!(emails(&done), ["A@x.example", "c@x.example"]);
        journal.write(&[applied("b@x.example", StepOutcome::Done)]).unwrap();
        journal.write(&[applied("a@x.example", StepOutcome::Failed)]).unwrap();
        drop(journal);
        let (_, done) = Journal::resume(&path, &about).unwrap();
        assert_eq!(emails(&done), ["b@x.example", "c@x.example"]);
        assert!(
            Journal::resume(&path, &json!({"gone": "Suspend"})).is_err_and(|error| error.contains("other options"))
        );
        std::fs::remove_file(&path).unwrap();
    }
}
