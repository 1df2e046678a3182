//! The three functions of `wasi:http` that give an error code, and what each code means.
//!
//! They are called here by the canonical ABI itself: generated bindings build the variant of 39
//! cases anew in each of the three, which is 7 kB of component for a number and a text.

use crate::transport::TransportError;
use std::mem::MaybeUninit;
use waki::bindings::wasi::http::types::{FutureIncomingResponse, IncomingResponse, OutgoingRequest, RequestOptions};
use waki::bindings::wasi::io::error::Error;

/// Hands a request to the host.
pub(super) fn handle(
    request: OutgoingRequest,
    options: RequestOptions,
) -> Result<FutureIncomingResponse, TransportError> {
    // result<future-incoming-response, error-code>
    let area = Area::filled(|area| unsafe {
        raw_handle(request.take_handle(), 1, options.take_handle(), area);
    });
    match area.byte(0) {
        0 => Ok(unsafe { FutureIncomingResponse::from_handle(area.word(8)) }),
        _ => Err(area.error_code(8, false)),
    }
}

/// The answer that is there, or why there is none.
pub(super) fn response(future: &FutureIncomingResponse) -> Result<IncomingResponse, TransportError> {
    // option<result<result<incoming-response, error-code>>>
    let area = Area::filled(|area| unsafe { raw_get(future.handle(), area) });
    match [area.byte(0), area.byte(8), area.byte(16)] {
        [1, 0, 0] => Ok(unsafe { IncomingResponse::from_handle(area.word(24)) }),
        [1, 0, _] => Err(area.error_code(24, false)),
        _ => Err(TransportError::Lost("the host gave no answer".into())),
    }
}

/// Why a body ended before its end.
pub(super) fn broken(error: &Error) -> TransportError {
    // option<error-code>
    let area = Area::filled(|area| unsafe { raw_code(error.handle(), area) });
    match area.byte(0) {
        1 => area.error_code(8, true),
        _ => TransportError::Lost("the answer is incomplete".into()),
    }
}

// The versions are those of waki's bindings, whose types the linker checks these against.
#[link(wasm_import_module = "wasi:http/outgoing-handler@0.2.2")]
unsafe extern "C" {
    #[link_name = "handle"]
    fn raw_handle(request: u32, has_options: u32, options: u32, area: *mut Area);
}

#[link(wasm_import_module = "wasi:http/types@0.2.2")]
unsafe extern "C" {
    #[link_name = "[method]future-incoming-response.get"]
    fn raw_get(future: u32, area: *mut Area);
    #[link_name = "http-error-code"]
    fn raw_code(error: u32, area: *mut Area);
}

/// Where the host writes a result: 56 bytes at most, for an error code behind three tags.
#[repr(C, align(8))]
struct Area([MaybeUninit<u8>; 64]);

impl Area {
    fn filled(call: impl FnOnce(*mut Area)) -> Area {
        let mut area = Area([MaybeUninit::zeroed(); 64]);
        call(&mut area);
        area
    }

    fn byte(&self, at: usize) -> u8 {
        // The area was zeroed, so that all of it has a value.
        unsafe { self.0[at].assume_init() }
    }

    fn word(&self, at: usize) -> u32 {
        u32::from_le_bytes([0, 1, 2, 3].map(|n| self.byte(at + n)))
    }

    /// The `error-code` at a place: its number and, 8 bytes on, what it carries.
    #[inline(never)]
    fn error_code(&self, at: usize, was_sent: bool) -> TransportError {
        let (name, meaning, text) = CODES.get(usize::from(self.byte(at))).copied().unwrap_or(("", Lost, NO_TEXT));
        let mut what = name.to_owned();
        if text != NO_TEXT && self.byte(at + 8 + text) == 1 {
            let said = at + 8 + text + 4;
            let (start, length) = (self.word(said) as *mut u8, self.word(said + 4) as usize);
            // The host had it allocated for this result, and the ABI says that it is UTF-8.
            let said = unsafe { String::from_raw_parts(start, length, length) };
            what.push_str(if what.is_empty() { "the host says: " } else { ", " });
            what.push_str(&said);
        }
        if what.is_empty() {
            what.push_str("the host gives no more detail");
        }
        match meaning {
            Denied => TransportError::Denied,
            Late => TransportError::Timeout { sent: true },
            Unsent if !was_sent => TransportError::Unsent(what),
            Never if !was_sent => TransportError::Never(what),
            Unsent | Never | Lost => TransportError::Lost(what),
        }
    }
}

/// What a code means for the request.
#[derive(Clone, Copy)]
enum Meaning {
    Denied,
    /// No answer in time, or no connection: JavaScript hosts say the one for the other.
    Late,
    /// It never left, unless an answer was there already.
    Unsent,
    /// The same, and another time it would not either.
    Never,
    /// It may have arrived.
    Lost,
}

use Meaning::{Denied, Late, Lost, Never, Unsent};

const NO_TEXT: usize = 0xff;

/// The codes in the order of `wasi:http/types.error-code`: a name for people, the meaning, and
/// where in what it carries an optional text is.
const CODES: [(&str, Meaning, usize); 39] = [
    ("no such host name in time", Unsent, NO_TEXT),
    ("the host name cannot be looked up", Unsent, 0),
    ("no such host name", Never, NO_TEXT),
    ("there is no way to it", Unsent, NO_TEXT),
    ("the host prohibits this address", Never, NO_TEXT),
    ("there is no way to its address", Unsent, NO_TEXT),
    ("connection refused", Unsent, NO_TEXT),
    ("connection closed", Lost, NO_TEXT),
    ("no connection in time", Late, NO_TEXT),
    ("no answer in time", Late, NO_TEXT),
    ("the request was not taken in time", Late, NO_TEXT),
    ("the host has too many connections", Unsent, NO_TEXT),
    ("TLS failed", Lost, NO_TEXT),
    ("its certificate is not trusted", Never, NO_TEXT),
    ("TLS failed", Lost, 4),
    ("", Denied, NO_TEXT),
    ("the length is missing", Lost, NO_TEXT),
    ("the request is too large", Lost, NO_TEXT),
    ("the method is not taken", Lost, NO_TEXT),
    ("the URI is not taken", Never, NO_TEXT),
    ("the URI is too long", Lost, NO_TEXT),
    ("the request's headers are too large", Lost, NO_TEXT),
    ("the request's header is too large", Lost, 4),
    ("the request's trailers are too large", Lost, NO_TEXT),
    ("the request's trailer is too large", Lost, 0),
    ("the answer is incomplete", Lost, NO_TEXT),
    ("the answer's headers are too large", Lost, NO_TEXT),
    ("the answer's header is too large", Lost, 0),
    ("the answer is too large", Lost, NO_TEXT),
    ("the answer's trailers are too large", Lost, NO_TEXT),
    ("the answer's trailer is too large", Lost, 0),
    ("the answer is coded in a way that is not known", Lost, 0),
    ("the answer is coded in a way that is not known", Lost, 0),
    ("", Late, NO_TEXT),
    ("no upgrade", Lost, NO_TEXT),
    ("not HTTP, or the connection broke", Lost, NO_TEXT),
    ("the request goes round in circles", Lost, NO_TEXT),
    ("the host's proxy cannot be used, or the host is set up wrongly otherwise", Never, NO_TEXT),
    ("", Lost, 0),
];
