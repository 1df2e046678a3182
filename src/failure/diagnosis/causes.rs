//! The causes of refusals that are known, as a table.
//!
//! Those that an answer proves are certain; what is only reported, or follows from how Atlassian's
//! credentials are said to work, is likely or possible.

use super::{Cause, Sign, Sure};
use crate::connection::{Home, Kind};

const CERTAIN: Cause =
    Cause { statuses: &[], homes: &[], kinds: &[], sign: Sign::None, sure: Sure::Certain, cause: "", mend: "" };

const LIKELY: Cause = Cause { sure: Sure::Likely, ..CERTAIN };
const POSSIBLE: Cause = Cause { sure: Sure::Possible, ..CERTAIN };

/// The causes; of two that are equally sure, the likelier stands first.
pub(super) const CAUSES: &[Cause] = &[
    // What the answer itself proves.
    Cause {
        statuses: &[401, 403],
        sign: Sign::Header("x-seraph-loginreason", "AUTHENTICATION_DENIED"),
        cause: "After too many failed logins the site wants this account to solve a CAPTCHA, and refuses whatever it sends until then.",
        mend: "Log in to {host} once in a browser, and stop whatever goes on sending the wrong token.",
        ..CERTAIN
    },
    Cause {
        statuses: &[401, 403],
        sign: Sign::Says("scope does not match"),
        cause: "The token lacks the scope for this, or has scopes of the wrong sort.",
        mend: "Make a token that has {scopes}. Logging in again does not help.",
        ..CERTAIN
    },
    // RFC 6750, section 3.1: what a server that speaks OAuth says of a token.
    Cause {
        statuses: &[401, 403],
        sign: Sign::Header("www-authenticate", "insufficient_scope"),
        cause: "The token lacks the scope for this.",
        mend: "Make a token that has {scopes}.",
        ..CERTAIN
    },
    Cause {
        statuses: &[401],
        sign: Sign::Header("www-authenticate", "invalid_token"),
        cause: "The token has expired, was revoked, or was changed on the way.",
        mend: "Make or get a new one where this one came from.{expires}",
        ..CERTAIN
    },
    Cause {
        statuses: &[401, 403],
        sign: Sign::Says("basic authentication with passwords"),
        cause: "The account's password was sent in the place of an API token.",
        mend: "Make an API token at {tokens}.",
        ..CERTAIN
    },
    Cause {
        statuses: &[401, 403],
        homes: &[Home::Site],
        sign: Sign::Says("connect session auth token"),
        cause: "The credential came as `Bearer`. A site's own host takes an API token as `Basic` only, with its e-mail address.",
        mend: "Use the connection `site`; or, where the host signs, let it add `Basic` and base64 of `email:token`, the two in one.",
        ..CERTAIN
    },
    Cause {
        statuses: &[403],
        homes: &[Home::Site, Home::Gateway],
        sign: Sign::Says("not permitted to use confluence"),
        cause: "This account has no access to Confluence.",
        mend: "Give it access to Confluence in Atlassian Administration, or use an account that has it.",
        ..CERTAIN
    },
    Cause {
        statuses: &[403],
        homes: &[Home::Site, Home::Gateway],
        sign: Sign::Says("browse users and groups"),
        cause: "This account lacks the global permission Browse users and groups.",
        mend: "A Jira admin grants it in Jira > Settings > System > Global permissions.",
        ..CERTAIN
    },
    Cause {
        statuses: &[403],
        sign: Sign::Says("targetunverified"),
        cause: "The account is not one of the organization's own.",
        mend: "Only accounts of its verified domains can be managed: verify and claim the domain in Atlassian Administration.",
        ..CERTAIN
    },
    Cause {
        statuses: &[403],
        sign: Sign::Says("unclaimeddomain"),
        cause: "The e-mail address is of a domain that the organization has not claimed.",
        mend: "Verify and claim the domain in Atlassian Administration.",
        ..CERTAIN
    },
    Cause {
        statuses: &[403],
        sign: Sign::Says("forbidden.action"),
        cause: "The account has a restriction that forbids this, such as being managed elsewhere.",
        mend: "Look at the account in Atlassian Administration; its restriction is named there.",
        ..CERTAIN
    },
    Cause {
        statuses: &[400, 403],
        homes: &[Home::Organization],
        sign: Sign::Says("new user management experience"),
        cause: "The organization is not on Atlassian's centralized user management, which this needs.",
        mend: "Until Atlassian has moved it, use the connection `site` for each of its sites.",
        ..CERTAIN
    },
    Cause {
        statuses: &[400],
        sign: Sign::Says("licence exceeded"),
        cause: "The licence has no seat left.",
        mend: "Make room, or add seats in Atlassian Administration > Billing.",
        ..CERTAIN
    },
    Cause {
        statuses: &[400],
        homes: &[Home::Site, Home::Gateway],
        sign: Sign::Says("must specify the products"),
        cause: "The invitation names no product, which a site has wanted since 2024.",
        mend: "Name one at least, such as jira-software.",
        ..CERTAIN
    },
    Cause {
        statuses: &[402],
        cause: "The organization's plan does not include this.",
        mend: "It takes a paid plan.",
        ..CERTAIN
    },
    Cause {
        statuses: &[429],
        cause: "Too many requests were sent.",
        mend: "Wait, then try again; the credential is not at fault.",
        ..CERTAIN
    },
    // What the answer suggests.
    Cause {
        statuses: &[403],
        sign: Sign::Says("externaldirectory"),
        cause: "An identity provider manages this, and here it can only be read.",
        mend: "Change it at the identity provider.",
        ..LIKELY
    },
    Cause {
        statuses: &[403],
        sign: Sign::Html,
        cause: "Something before the API refused the request: a proxy, or a list of allowed addresses (IP allowlist).",
        mend: "Ask whoever runs the network, or the organization's admins; the credential need not be at fault.",
        ..LIKELY
    },
    Cause {
        statuses: &[401],
        sign: Sign::Header("www-authenticate", "Negotiate"),
        cause: "Something between here and Atlassian, such as a proxy, asks for a login of its own.",
        mend: "Ask whoever runs that network; Atlassian never asks in this way.",
        ..LIKELY
    },
    // Measured: github.com/brekkylab/backlot/pull/134.
    Cause {
        statuses: &[403],
        sign: Sign::Says("stacklessresponsestatusexception"),
        cause: "Confluence did not accept the credential, which it says with a 403, or the account has no access to Confluence.",
        mend: "`check-connection` tells whether the site accepts the credential.",
        ..LIKELY
    },
    Cause {
        statuses: &[403],
        sign: Sign::Says("manage:org"),
        cause: "The API key was made with scopes, and this takes one that was made without.",
        mend: "Make an API key without scopes in {keys}.",
        ..LIKELY
    },
    Cause {
        statuses: &[403],
        sign: Sign::Says("relevant permissions"),
        cause: "Whoever asks may not change groups. Apps of Forge and Connect never may.",
        mend: "It takes {role}.",
        ..LIKELY
    },
    Cause {
        statuses: &[404],
        homes: &[Home::Site, Home::Gateway],
        sign: Sign::Says("required permissions"),
        cause: "The site has no such account; a user name is no account id.",
        mend: "Look the account id up by the e-mail address.",
        ..LIKELY
    },
    Cause {
        statuses: &[404],
        homes: &[Home::Site, Home::Gateway],
        sign: Sign::Says("required permissions"),
        cause: "The account that asks may not see it.",
        mend: "It takes {role}.",
        ..POSSIBLE
    },
    Cause {
        statuses: &[401, 403],
        sign: Sign::LooksOther,
        cause: "What was given as {what} is by its look {look}.",
        mend: "Each works in one place only.",
        ..LIKELY
    },
    // 401: not accepted.
    Cause {
        statuses: &[401],
        homes: &[Home::Site],
        kinds: &[Kind::HostSigned],
        sign: Sign::Html,
        cause: "The host added base64 of the wrong thing, such as the token alone, or the two halves apart.",
        mend: "Let it add `Basic` and base64 of `email:token`, the two in one and without a line break, to requests to {host}.",
        ..LIKELY
    },
    Cause {
        statuses: &[401],
        homes: &[Home::Site],
        kinds: &[Kind::HostSigned],
        sign: Sign::NoHtml,
        cause: "The host added no `Authorization` header that can be used.",
        mend: "Let it add `Basic` and base64 of `email:token`, the two in one, to requests to {host}.",
        ..LIKELY
    },
    Cause {
        statuses: &[401],
        homes: &[Home::Site],
        kinds: &[Kind::ApiToken, Kind::HostSigned],
        cause: "The e-mail address and the token do not belong together, or one was changed on the way: cut off, or encoded already.",
        mend: "Give the address of the account that made the token, and the token itself, just as id.atlassian.com showed it.",
        ..LIKELY
    },
    Cause {
        statuses: &[401],
        homes: &[Home::Site, Home::Gateway],
        kinds: &[Kind::ApiToken, Kind::ScopedToken, Kind::HostSigned],
        cause: "The token has expired or was revoked; it lives a year at most.",
        mend: "Make a new one at {tokens}.",
        ..POSSIBLE
    },
    Cause {
        statuses: &[401],
        homes: &[Home::Site],
        kinds: &[Kind::ApiToken],
        cause: "The token was made with scopes, or is a service account's; those are taken by the gateway only.",
        mend: "Use the connection `scoped-token` or `service-account`.",
        ..POSSIBLE
    },
    Cause {
        statuses: &[401],
        homes: &[Home::Gateway],
        kinds: &[Kind::ScopedToken],
        cause: "The e-mail address and the token do not belong together, or the token was made without scopes; such a token is taken by the site's own host only.",
        mend: "Check the two, or use the connection `site`.",
        ..LIKELY
    },
    Cause {
        statuses: &[401],
        homes: &[Home::Gateway],
        kinds: &[Kind::ServiceAccount],
        cause: "The token has expired or was revoked.",
        mend: "Make a new one in Atlassian Administration (admin.atlassian.com), at the service account.",
        ..LIKELY
    },
    Cause {
        statuses: &[401],
        homes: &[Home::Gateway],
        kinds: &[Kind::ServiceAccount],
        cause: "It is a person's token, which goes with their e-mail address.",
        mend: "Use the connection `scoped-token`.",
        ..POSSIBLE
    },
    Cause {
        statuses: &[401],
        homes: &[Home::Gateway],
        kinds: &[Kind::OAuth],
        cause: "The access token has expired; it is short-lived.{expires}",
        mend: "Get a new one with the refresh token; that one is replaced with every use, and stops after 90 days without any.",
        ..LIKELY
    },
    Cause {
        statuses: &[401, 403, 404],
        homes: &[Home::Gateway],
        kinds: &[Kind::OAuth],
        cause: "The person did not grant the app this site.",
        mend: "Compare the cloud id with https://api.atlassian.com/oauth/token/accessible-resources, or let the person consent again.",
        ..POSSIBLE
    },
    Cause {
        statuses: &[401],
        homes: &[Home::Organization],
        kinds: &[Kind::ApiKey],
        sign: Sign::Fits(false),
        cause: "The key is no API key of this organization: a person's API token, an OAuth token or a SCIM key never works here.",
        mend: "Make an API key in {keys}, and compare the organization's id.",
        ..LIKELY
    },
    Cause {
        statuses: &[401],
        homes: &[Home::Organization],
        kinds: &[Kind::ApiKey],
        sign: Sign::Fits(true),
        cause: "The key has expired, was revoked, or is another organization's; it lives a year at most.",
        mend: "Make a new one in {keys}, and compare the organization's id.",
        ..LIKELY
    },
    Cause {
        statuses: &[401],
        homes: &[Home::Organization],
        kinds: &[Kind::ApiKey],
        sign: Sign::Fits(false),
        cause: "The key has expired or was revoked; it lives a year at most.",
        mend: "The same page lists the keys with their dates.",
        ..POSSIBLE
    },
    Cause {
        statuses: &[401, 403],
        homes: &[Home::Scim],
        cause: "The key is of another directory or was replaced. An organization's API key and a person's API token never work here.",
        mend: "Make a new key in Atlassian Administration > Security > Identity providers, at the directory, and compare its id.",
        ..LIKELY
    },
    Cause {
        statuses: &[401],
        homes: &[Home::Gateway, Home::Organization, Home::Scim],
        kinds: &[Kind::HostSigned],
        cause: "The host added no `Authorization` header that can be used, or one for another place.",
        mend: "Let it add what is taken there to requests to {host}.",
        ..LIKELY
    },
    // 403: accepted, and not allowed.
    Cause {
        statuses: &[403],
        homes: &[Home::Site, Home::Gateway],
        sign: Sign::Else,
        cause: "The account may not do this.",
        mend: "It takes {role}.",
        ..LIKELY
    },
    Cause {
        statuses: &[403],
        homes: &[Home::Organization],
        sign: Sign::Scopes,
        cause: "The API key was made with scopes, and without the one for this.",
        mend: "Make a key with {scopes} in {keys}.",
        ..LIKELY
    },
    Cause {
        statuses: &[403],
        homes: &[Home::Organization],
        sign: Sign::Else,
        cause: "The API key was made with scopes, or the account is not one of the organization's own.",
        mend: "It takes {role}, and an account of a domain that the organization has verified.",
        ..LIKELY
    },
    // 404: perhaps only hidden.
    Cause {
        statuses: &[404],
        homes: &[Home::Site],
        sign: Sign::Html,
        cause: "There is no site at {host}, or it does not have this product.",
        mend: "Check the address as it is in the browser.",
        ..LIKELY
    },
    Cause {
        statuses: &[404],
        homes: &[Home::Gateway],
        cause: "No site that this token is for has that cloud id and this product.",
        mend: "Compare it with the one that https://<site>/_edge/tenant_info shows.",
        ..POSSIBLE
    },
    Cause {
        statuses: &[404],
        homes: &[Home::Organization],
        cause: "The organization's id is wrong, or the key is another organization's, which then sees nothing of this one.",
        mend: "Compare the id with the part after `/o/` in the address of Atlassian Administration (admin.atlassian.com).",
        ..LIKELY
    },
    Cause {
        statuses: &[404],
        homes: &[Home::Organization],
        cause: "The directory's id is wrong, or the organization is not on Atlassian's centralized user management.",
        mend: "Leave the directory out; `check-connection` lists those that the key sees.",
        ..POSSIBLE
    },
    Cause {
        statuses: &[404],
        homes: &[Home::Scim],
        cause: "The directory's id is wrong.",
        mend: "It is the end of the SCIM base URL that Atlassian Administration shows for the directory.",
        ..LIKELY
    },
];
