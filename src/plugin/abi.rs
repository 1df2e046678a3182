//! The component model's canonical ABI, as far as the contract needs it: words in, words out.
//!
//! Generated bindings write the lifting of the connection and the lowering of the failure out in
//! every exported function: 2.5 kB for each. Here there is one of each. What is laid out wrongly
//! shows in the tests, which call every function through a host that knows the contract.

use std::mem;

/// A call's arguments, flattened into words, or in memory, where they are laid out the same.
///
/// Reading takes over what the host had allocated for them, so all of them have to be read.
pub(super) struct Arguments {
    words: Vec<u32>,
    at: usize,
}

impl Arguments {
    pub(super) fn new(words: &[u32]) -> Arguments {
        Arguments { words: words.to_vec(), at: 0 }
    }

    /// The arguments that the one there is points to: those of a function that has more than 16 words.
    ///
    /// # Safety
    ///
    /// There have to be so many, allocated for this call.
    pub(super) unsafe fn behind(mut self, words: usize) -> Arguments {
        Arguments { words: unsafe { taken(self.word(), words) }, at: 0 }
    }

    fn word(&mut self) -> u32 {
        let word = self.words[self.at];
        self.at += 1;
        word
    }

    /// The number of a case. In memory it is one byte, and what is behind that is not set.
    pub(super) fn case(&mut self) -> u8 {
        self.word().to_le_bytes()[0]
    }

    pub(super) fn text(&mut self) -> String {
        let (start, length) = (self.word(), self.word());
        // The ABI promises UTF-8, and that it was allocated for this.
        unsafe { String::from_raw_parts(start as *mut u8, length as usize, length as usize) }
    }

    pub(super) fn maybe_text(&mut self) -> Option<String> {
        let (is_some, at) = (self.case() == 1, self.at + 2);
        let text = is_some.then(|| self.text());
        self.at = at;
        text
    }

    pub(super) fn maybe_number(&mut self) -> Option<u32> {
        let is_some = self.case() == 1;
        let number = self.word();
        is_some.then_some(number)
    }

    /// A list whose items have so many words each.
    pub(super) fn list<T>(&mut self, words: usize, item: impl Fn(&mut Arguments) -> T) -> Vec<T> {
        let (start, length) = (self.word(), self.word() as usize);
        let mut items = Arguments { words: unsafe { taken(start, length * words) }, at: 0 };
        (0..length).map(|_| item(&mut items)).collect()
    }

    /// Goes to that word, behind a variant of which not every case has all words.
    pub(super) fn skip_to(&mut self, at: usize) {
        self.at = at;
    }
}

/// What the host allocated for an argument.
unsafe fn taken(start: u32, words: usize) -> Vec<u32> {
    if words == 0 { Vec::new() } else { unsafe { Vec::from_raw_parts(start as *mut u32, words, words) } }
}

/// What can be given back. All such types of the contract are of whole words.
pub(super) trait Lower {
    fn lower(self, row: &mut Row);
}

/// Values one behind the other, each where its size says, as records are laid out in memory.
#[derive(Default)]
pub(super) struct Row {
    bytes: Vec<u8>,
    kept: Kept,
}

/// The bytes of the longest result there is.
const LONGEST: usize = 80;

/// What a result points to.
#[derive(Default)]
struct Kept {
    texts: Vec<String>,
    blocks: Vec<Vec<u32>>,
}

impl Row {
    /// A result that is a success.
    pub(super) fn of(value: impl Lower) -> Row {
        let mut row = Row::default();
        row.case(0);
        row.value(value);
        row
    }

    fn align(&mut self, size: usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(size), 0);
    }

    /// An enum's case, or whether there is something.
    pub(super) fn case(&mut self, case: u8) {
        self.bytes.push(case);
    }

    fn word(&mut self, word: u32) {
        self.align(4);
        self.bytes.extend_from_slice(&word.to_le_bytes());
    }

    pub(super) fn text(&mut self, text: String) {
        self.word(text.as_ptr() as u32);
        self.word(text.len() as u32);
        self.kept.texts.push(text);
    }

    pub(super) fn maybe_text(&mut self, text: Option<String>) {
        self.align(4);
        self.case(text.is_some().into());
        self.text(text.unwrap_or_default());
    }

    pub(super) fn maybe_u16(&mut self, number: Option<u16>) {
        self.align(2);
        self.case(number.is_some().into());
        self.align(2);
        self.bytes.extend_from_slice(&number.unwrap_or_default().to_le_bytes());
    }

    pub(super) fn maybe_u32(&mut self, number: Option<u32>) {
        self.align(4);
        self.case(number.is_some().into());
        self.word(number.unwrap_or_default());
    }

    /// A record, which takes so many words, or their place.
    pub(super) fn maybe<T: Lower>(&mut self, value: Option<T>, words: usize) {
        self.align(4);
        self.case(value.is_some().into());
        self.align(4);
        let end = self.bytes.len() + words * 4;
        if let Some(value) = value {
            value.lower(self);
        }
        self.bytes.resize(end, 0);
    }

    /// A record.
    pub(super) fn value<T: Lower>(&mut self, value: T) {
        self.align(4);
        value.lower(self);
    }

    pub(super) fn list<T: Lower>(&mut self, items: Vec<T>) {
        let length = items.len() as u32;
        let mut row = Row::default();
        for item in items {
            row.value(item);
        }
        let block = row.words();
        self.kept.texts.append(&mut row.kept.texts);
        self.kept.blocks.append(&mut row.kept.blocks);
        self.word(block.as_ptr() as u32);
        self.word(length);
        self.kept.blocks.push(block);
    }

    fn words(&self) -> Vec<u32> {
        let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
        self.bytes.chunks(4).map(word).collect()
    }

    /// Where the row is in memory, until [`free`] is called with that.
    pub(super) fn finish(mut self) -> *const u32 {
        // A success may be shorter than the failure in its place, and hosts check for all of it.
        self.bytes.resize(self.bytes.len().max(LONGEST), 0);
        let mut block = self.words();
        let mut kept = Box::new(mem::take(&mut self.kept));
        // In front of the row, where nobody else looks, is what keeps it.
        block.insert(0, &raw mut *kept as u32);
        let row = block[1..].as_ptr();
        kept.blocks.push(block);
        mem::forget(kept);
        row
    }
}

/// Frees a result that the host has read.
///
/// # Safety
///
/// It has to come from [`Row::finish`], and once only.
pub(super) unsafe fn free(row: *const u32) {
    drop(unsafe { Box::from_raw(*row.sub(1) as *mut Kept) });
}
