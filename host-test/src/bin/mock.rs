//! The mock Atlassian as a program: prints its address and credentials, and serves until stopped.

use clap::Parser;
use std::process::ExitCode;
use std::time::Duration;
use usher_host_test::mock::world::{
    ADMIN_EMAIL, API_KEY, API_TOKEN, NARROW_TOKEN, OAUTH_TOKEN, ORG_ID, SCIM_DIRECTORY_ID, SCIM_KEY, SCOPED_API_KEY,
    SCOPED_TOKEN, SERVICE_TOKEN,
};
use usher_host_test::mock::{Mock, Options};

/// Serves a mock Atlassian on loopback: a site and its organization, with real state.
#[derive(Parser)]
#[command(name = "mock")]
struct Arguments {
    /// The port; 0 is a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// How long every answer takes, in milliseconds.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { port, latency_ms } = Arguments::parse();
    let mock = match Mock::start(Options { port, latency: Duration::from_millis(latency_ms) }).await {
        Ok(mock) => mock,
        Err(error) => {
            eprintln!("The mock Atlassian cannot listen on port {port}: {error}. Choose another, or 0 for a free one.");
            return ExitCode::FAILURE;
        }
    };
    let url = mock.url();
    println!("The mock Atlassian is at {url}, until Ctrl-C. In another terminal, where it is:");
    println!();
    println!("  export ATLASSIAN_SITE={url} ATLASSIAN_API_URL={url} ATLASSIAN_EMAIL={ADMIN_EMAIL}");
    println!("  export ATLASSIAN_ORG_ID={ORG_ID} ATLASSIAN_SCIM_DIRECTORY_ID={SCIM_DIRECTORY_ID}");
    println!();
    println!("and one of its credentials:");
    println!();
    for (variable, secret) in [
        ("API_TOKEN", API_TOKEN),
        ("SCOPED_TOKEN", SCOPED_TOKEN),
        ("SERVICE_ACCOUNT_TOKEN", SERVICE_TOKEN),
        ("OAUTH_TOKEN", OAUTH_TOKEN),
        ("API_KEY", API_KEY),
        ("SCIM_KEY", SCIM_KEY),
    ] {
        println!("  export ATLASSIAN_{variable}={secret}");
    }
    println!();
    println!("and then: cargo usher doctor, or cargo usher find liam@acme.example. This token has one scope only,");
    println!("and this key only such as read:");
    println!();
    println!("  export ATLASSIAN_SCOPED_TOKEN={NARROW_TOKEN}");
    println!("  export ATLASSIAN_API_KEY={SCOPED_API_KEY}");
    std::future::pending().await
}
