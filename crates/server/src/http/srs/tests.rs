use axum::http::Request;
use axum::http::request::Parts;

use super::page::{COUNT_DEFAULT, COUNT_MAX, Page};
use super::{Route, find};

fn asked(query: &str) -> Parts {
    Request::get(format!("/api/v1/clients?{query}")).body(()).unwrap().into_parts().0
}

#[test]
fn paths_are_found_with_and_without_a_slash_at_the_end() {
    assert_eq!(find("/api/v1/streams"), Some(Route::Streams(None)));
    assert_eq!(find("/api/v1/streams/"), Some(Route::Streams(None)));
    assert_eq!(find("/api/v1/clients/17"), Some(Route::Clients(Some("17"))));
    assert_eq!(find("/api/v1/vhosts/a"), Some(Route::Vhosts(Some("a"))));
    for other in ["/api/v1/rooms", "/api/v1/summaries/1", "/api/v1/", "/api/v2/streams"] {
        assert_eq!(find(other), None, "{other}");
    }
}

#[test]
fn a_page_has_so_many_and_no_more() {
    let list: Vec<usize> = (0..COUNT_MAX * 2).collect();
    let of = |query: &str| Page::of(&asked(query)).map(|page| page.part(&list).to_vec());
    assert_eq!(of("").unwrap(), (0..COUNT_DEFAULT).collect::<Vec<_>>());
    assert_eq!(of(&format!("count={COUNT_MAX}")).unwrap().len(), COUNT_MAX);
    assert!(of(&format!("count={}", COUNT_MAX + 1)).is_err());
    assert_eq!(of("start=1999").unwrap(), [1999]);
    assert!(of("start=2000").unwrap().is_empty());
}
