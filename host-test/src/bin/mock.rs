//! The mock Atlassian as a program: prints its address and credentials, and serves until stopped.

use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use usher_host_test::mock::world::{
    ADMIN_EMAIL, API_KEY, API_TOKEN, NARROW_TOKEN, OAUTH_TOKEN, ORG_ID, SCIM_DIRECTORY_ID, SCIM_KEY, SCOPED_API_KEY,
    SCOPED_TOKEN, SERVICE_TOKEN,
};
use usher_host_test::mock::{Mock, Options, Plan, Rate};

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
    /// How many requests a second it takes, all endpoints together; without it there is no limit.
    #[arg(long, value_name = "REQUESTS", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// How many of them may come at once; as many as in a second if it is not given.
    #[arg(long, value_name = "REQUESTS", requires = "rate", value_parser = clap::value_parser!(u32).range(1..))]
    burst: Option<u32>,
    /// Carries every nth write out and cuts the connection in the place of its answer.
    #[arg(long, value_name = "NTH", default_value_t = 0)]
    drop_answers: u32,
    /// Never answers every nth request.
    #[arg(long, value_name = "NTH", default_value_t = 0)]
    hang: u32,
    /// Answers every nth request with a byte a second, without end.
    #[arg(long, value_name = "NTH", default_value_t = 0)]
    drip: u32,
    /// Cuts the connection in the middle of every nth answer's body.
    #[arg(long, value_name = "NTH", default_value_t = 0)]
    cut_bodies: u32,
    /// For how long somebody who was invited cannot be seen, in milliseconds.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    delay_visibility: u64,
    /// A TOML file that says what goes wrong with which requests.
    ///
    /// A row is `[[fault]]` with `request` (what has to be in `METHOD path?query`, or several
    /// of them parted by `|`), `kind` (`answer`,
    /// `hang`, `drip`, `cut`, `cut-body` or `flood`), and where wanted `applied` (carried out all the
    /// same), `every` (nth), `times` (at most), and for `answer` `status`, `body` and `headers`.
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
}

impl Arguments {
    fn options(&self) -> Result<Options, String> {
        let plan = match &self.plan {
            None => Plan::default(),
            Some(file) => {
                let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
                Plan::parse(&text).map_err(|error| format!("{}: {error}", file.display()))?
            }
        };
        let plan = plan.every(
            self.drop_answers,
            "DELETE |POST /rest|/memberships|/invite|/suspend|/restore|/groups?",
            "cut",
            true,
        );
        let plan = plan.every(self.hang, "", "hang", false).every(self.drip, "", "drip", false);
        Ok(Options {
            port: self.port,
            latency: Duration::from_millis(self.latency_ms),
            rate: self.rate.map(|per_second| Rate { per_second, burst: self.burst.unwrap_or(per_second) }),
            delay_visibility: Duration::from_millis(self.delay_visibility),
            plan: plan.every(self.cut_bodies, "", "cut-body", true),
            tls: None,
        })
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let options = match arguments.options() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("The plan cannot be read. {error}");
            return ExitCode::FAILURE;
        }
    };
    let port = options.port;
    let mock = match Mock::start(options).await {
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
