//! A mock Atlassian, and what the tests and the demo share.

pub mod mock;
pub mod secrets;
pub mod tls;
