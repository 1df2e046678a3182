//! Lists, in every style of paging, and lists without end.

use super::*;
use crate::client::list::PAGE;
use crate::transport::MAX_BODY;

#[test]
fn a_list_follows_its_cursor_in_the_body() {
    let transport = Scripted::default()
        .answer(200, r#"{"data":[1,2],"links":{"next":"c/2"}}"#)
        .answer(200, r#"{"data":[3],"links":{}}"#);
    let connection = organization();
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    let all = client.list(Call::new(&organization::SEARCH_USERS).json(Object::new().raw("limit", "2"))).unwrap();
    assert_eq!(all, [1, 2, 3].map(Value::Number));
    assert!(transport.asked.borrow()[1].ends_with(r#"{"limit":2,"cursor":"c/2"}"#));
}

#[test]
fn a_list_that_goes_round_in_circles_ends() {
    let page = r#"{"data":[1],"links":{"next":"again"}}"#;
    let transport = Scripted::default().answer(200, page).answer(200, page);
    let connection = organization();
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    let failure = client.list(Call::new(&organization::SEARCH_USERS).json(Object::new())).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Protocol);
}

#[test]
fn a_full_page_is_followed_by_start_at() {
    let full = format!("[0{}]", ",0".repeat(PAGE - 1));
    let transport = Scripted::default().answer(200, &full).answer(200, "[1]");
    let connection = Connection::site("acme.atlassian.net", "mia@example.com", "t").unwrap();
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    let all = client.list(Call::new(&jira::FIND_USERS).query("query", "a b")).unwrap();
    assert_eq!(all.len(), PAGE + 1);
    assert_eq!(transport.asked.borrow()[1], "GET /rest/api/3/user/search?query=a%20b&startAt=50&maxResults=50");
}

#[test]
fn a_page_that_is_not_the_last_is_followed() {
    let transport = Scripted::default()
        .answer(200, r#"{"isLast":false,"values":[1,2]}"#)
        .answer(200, r#"{"isLast":true,"values":[3]}"#);
    let connection = Connection::site("acme.atlassian.net", "mia@example.com", "t").unwrap();
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    let all = client.list(Call::new(&jira::BULK_GET_GROUPS).query("groupName", "a")).unwrap();
    assert_eq!(all, [1, 2, 3].map(Value::Number));
    assert_eq!(transport.asked.borrow()[1], "GET /rest/api/3/group/bulk?groupName=a&startAt=2&maxResults=50");
}

#[test]
fn an_answer_that_is_no_list_is_no_empty_list() {
    for body in ["{}", r#"{"errors":[]}"#, "[]", "<html>", ""] {
        let transport = Scripted::default().answer(200, body);
        let connection = organization();
        let client = Client::new(&connection, &transport, DEADLINE, ONCE);
        let failure = client.list(Call::new(&organization::SEARCH_USERS).json(Object::new())).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Protocol, "{body}");
    }
}

#[test]
fn a_server_that_knows_nothing_of_where_a_page_begins_is_found_out() {
    let page = r#"{"totalResults":9,"Resources":[1,2]}"#;
    let transport = Scripted::default().answer(200, page).answer(200, page);
    let connection = Connection::new(&Given::new(Kind::ScimKey, "d-1", "key")).unwrap();
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    let failure = client.list(Call::new(&scim::LIST_USERS)).unwrap_err();
    assert!(failure.message.contains("was there before"), "{}", failure.message);
}

#[test]
fn all_pages_together_are_no_more_than_one_answer_may_be() {
    let text = "x".repeat(MAX_BODY / 3);
    let page = |next: usize| format!(r#"{{"data":["{text}"],"links":{{"next":"{next}"}}}}"#);
    let transport = (0..3).fold(Scripted::default(), |transport, next| transport.answer(200, &page(next)));
    let connection = organization();
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    let failure = client.list(Call::new(&organization::LIST_DIRECTORIES)).unwrap_err();
    assert!(failure.message.contains("more in it than is read"), "{}", failure.message);
}

#[test]
fn every_style_of_paging_is_followed_to_its_end() {
    for (operation, pages, second) in [
        (
            &organization::LIST_DIRECTORIES,
            [r#"{"data":[1],"links":{"next":"a b"}}"#, r#"{"data":[2],"links":{"next":null}}"#],
            "cursor=a%20b",
        ),
        (
            &jira::BULK_GET_GROUPS,
            [r#"{"values":[1],"nextPage":"https://x/y"}"#, r#"{"values":[2]}"#],
            "startAt=1&maxResults=50",
        ),
        (
            &jira::BULK_GET_GROUPS,
            [r#"{"values":[1],"total":2}"#, r#"{"values":[2],"total":2}"#],
            "startAt=1&maxResults=50",
        ),
        (
            &scim::LIST_USERS,
            [r#"{"totalResults":2,"Resources":[1]}"#, r#"{"totalResults":2,"Resources":[2]}"#],
            "startIndex=2&count=50",
        ),
    ] {
        let connection = match operation.plane {
            Plane::Site => site(),
            Plane::Organization => organization(),
            Plane::Scim => Connection::new(&Given::new(Kind::ScimKey, "d-1", "key")).unwrap(),
        };
        let transport = Scripted::default().answer(200, pages[0]).answer(200, pages[1]);
        let client = Client::new(&connection, &transport, DEADLINE, ONCE);
        let all = client.list(Call::new(operation)).unwrap();
        assert_eq!(all, [1, 2].map(Value::Number), "{}", pages[0]);
        assert!(transport.asked.borrow()[1].ends_with(second), "{}", transport.asked.borrow()[1]);
    }
}

#[test]
fn an_empty_page_is_the_last_only_where_no_other_is_named() {
    let transport = Scripted::default()
        .answer(200, r#"{"data":[],"links":{"next":"a"}}"#)
        .answer(200, r#"{"data":[1],"links":{}}"#);
    let connection = organization();
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    let all = client.list(Call::new(&organization::LIST_DIRECTORIES)).unwrap();
    assert_eq!(all, [Value::Number(1)]);
    // What is never the last by what it says ends all the same.
    let transport = Scripted::default().answer(200, r#"{"values":[],"isLast":false}"#);
    let connection = site();
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    assert!(client.list(Call::new(&jira::BULK_GET_GROUPS)).unwrap().is_empty());
}

#[test]
fn a_list_without_end_ends_as_a_failure() {
    let connection = organization();
    let call = || Call::new(&organization::SEARCH_USERS).json(Object::new());
    // Between two pages, and with a new cursor for each of very many.
    let pages = ["a", "b", "a"].map(|next| format!(r#"{{"data":[1],"links":{{"next":"{next}"}}}}"#));
    let transport = pages.iter().fold(Scripted::default(), |transport, page| transport.answer(200, page));
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    let failure = client.list(call()).unwrap_err();
    assert!(failure.message.contains("was there before"), "{}", failure.message);

    let many = vec!["1"; MAX_VALUES / 3].join(",");
    let page = |next: usize| format!(r#"{{"data":[{many}],"links":{{"next":"{next}"}}}}"#);
    let transport = (0..3).fold(Scripted::default(), |transport, next| transport.answer(200, &page(next)));
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    let failure = client.list(call()).unwrap_err();
    assert!(failure.message.contains("more in it than is read"), "{}", failure.message);
}
