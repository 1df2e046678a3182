//! What is called in the fault matrix.

/// A function with arguments that make it do all it can.
pub(super) const SUBJECTS: [(&str, &[&str]); 33] = [
    ("find-account", &["{site}", r#""liam@acme.example""#]),
    ("find-account", &["{organization}", r#""liam@acme.example""#]),
    ("find-group", &["{site}", r#""engineering""#]),
    ("find-group", &["{organization}", r#""engineering""#]),
    ("add-to-group", &["{site}", r#""engineering""#, r#""liam@acme.example""#]),
    ("add-to-group", &["{organization}", r#""engineering""#, r#""liam@acme.example""#]),
    (
        "invite",
        &[
            "{site}",
            r#"{email: "mia@acme.example", access: [{product: "jira-software", role: user}], groups: ["engineering"]}"#,
        ],
    ),
    (
        "invite",
        &["{site}", r#"{email: "liam@acme.example", access: [{product: "jira-servicedesk", role: user}], groups: []}"#],
    ),
    (
        "invite",
        &["{site}", r#"{email: "mia@acme.example", access: [{product: "confluence", role: user}], groups: []}"#],
    ),
    (
        "invite",
        &[
            "{organization}",
            r#"{email: "mia@acme.example", access: [{product: "jira-software", role: user}], groups: ["engineering"]}"#,
        ],
    ),
    (
        "invite",
        &[
            "{organization}",
            r#"{email: "liam@acme.example", access: [{product: "confluence", role: user}], groups: ["engineering"]}"#,
        ],
    ),
    ("remove-from-group", &["{site}", r#""jira-users""#, r#""liam@acme.example""#]),
    ("remove-from-group", &["{organization}", r#""jira-users""#, r#""liam@acme.example""#]),
    ("create-group", &["{site}", r#""new""#, "none"]),
    ("create-group", &["{organization}", r#""new""#, r#"some("What it is for")"#]),
    ("delete-group", &["{site}", r#""jira-users""#]),
    ("delete-group", &["{organization}", r#""jira-users""#]),
    ("suspend-account", &["{organization}", r#""liam@acme.example""#]),
    ("restore-account", &["{organization}", r#""sue@acme.example""#]),
    ("remove-account", &["{organization}", r#""5b10a2844c20165700ede202""#]),
    ("remove-account", &["{organization}", r#""liam@acme.example""#]),
    ("plan", &["{site}", PEOPLE, "{other-groups: leave, departure: leave-groups}"]),
    ("plan", &["{organization}", PEOPLE, "{other-groups: leave, departure: suspend}"]),
    ("apply", &["{site}", JOIN, "{window: some(4)}"]),
    ("apply", &["{organization}", JOIN, "{window: some(4)}"]),
    ("apply", &["{site}", INVITE_ON_SITE, "{window: some(4)}"]),
    ("apply", &["{organization}", INVITE_IN_ORGANIZATION, "{window: some(4)}"]),
    ("apply", &["{organization}", LEAVE, "{window: some(4)}"]),
    ("apply", &["{organization}", REMOVE, "{window: some(4)}"]),
    ("check-connection", &["{site}"]),
    ("check-connection", &["{organization}"]),
    ("check-connection", &["{scim}"]),
    ("check-connection", &[r#"oauth({site: "{url}", token: "{oauth-token}", api-url: "{url}"})"#]),
];

const PEOPLE: &str = r#"[
    {email: "liam@acme.example", state: present,
     access: [{product: "jira-software", role: user}, {product: "confluence", role: user}], groups: ["engineering"]},
    {email: "mia@acme.example", state: present, access: [{product: "jira-software", role: user}], groups: []},
]"#;

const JOIN: &str = r#"[{email: "liam@acme.example", account-id: some("5b10a2844c20165700ede202"), actions: [
    {kind: join-group, name: "engineering", id: "276f955c-63d7-42c8-9520-92d01dca0603", role: user}]}]"#;

const LEAVE: &str = r#"[{email: "liam@acme.example", account-id: some("5b10a2844c20165700ede202"), actions: [
    {kind: leave-group, name: "jira-users", id: "276f955c-63d7-42c8-9520-92d01dca0601", role: user}]}]"#;

const INVITE_ON_SITE: &str = r#"[{email: "mia@acme.example", account-id: none, actions: [
    {kind: invite, name: "", id: "", role: user},
    {kind: give-access, name: "jira", id: "jira-software", role: user},
    {kind: join-group, name: "engineering", id: "276f955c-63d7-42c8-9520-92d01dca0603", role: user}]}]"#;

const INVITE_IN_ORGANIZATION: &str = r#"[{email: "mia@acme.example", account-id: none, actions: [
    {kind: invite, name: "", id: "", role: user},
    {kind: give-access, name: "jira", id: "ari:cloud:jira-software::site/{cloud-id}", role: user},
    {kind: join-group, name: "engineering", id: "276f955c-63d7-42c8-9520-92d01dca0603", role: user}]}]"#;

const REMOVE: &str = r#"[{email: "liam@acme.example", account-id: some("5b10a2844c20165700ede202"), actions: [
    {kind: remove, name: "", id: "", role: user}]}]"#;
