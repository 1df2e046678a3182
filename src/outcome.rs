//! Whether a call that makes something so did anything.

/// The contract's `outcome`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub enum Outcome {
    Done,
    AlreadySo,
}
