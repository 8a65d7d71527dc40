use axum::http::{HeaderMap, HeaderValue, StatusCode};

use super::{accepts, file, page};

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap())).collect()
}

#[test]
fn coding_is_accepted_when_named_with_a_weight_above_zero() {
    for (value, br) in [
        ("gzip, deflate, br, zstd", true),
        ("BR", true),
        ("br;q=0.1", true),
        ("br;q=0", false),
        ("br; q=0.000", false),
        ("gzip", false),
        ("*", false),
        ("", false),
        ("brr", false),
    ] {
        assert_eq!(accepts(&headers(&[("accept-encoding", value)]), "br"), br, "{value}");
    }
}

#[test]
fn each_form_has_its_tag_and_a_known_tag_is_answered_without_the_content() {
    let plain = page(&headers(&[]), StatusCode::OK).unwrap();
    let gzip = page(&headers(&[("accept-encoding", "gzip")]), StatusCode::OK).unwrap();
    assert!(!plain.headers().contains_key("content-encoding"));
    assert_eq!(gzip.headers()["content-encoding"], "gzip");
    assert_ne!(plain.headers()["etag"], gzip.headers()["etag"]);
    let tag = plain.headers()["etag"].to_str().unwrap();
    for known in [tag.to_owned(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        let again = page(&headers(&[("if-none-match", &known)]), StatusCode::OK).unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{known}");
        assert_eq!(again.headers()["etag"], tag);
    }
    let other = page(&headers(&[("if-none-match", "\"other\"")]), StatusCode::OK).unwrap();
    assert_eq!(other.status(), StatusCode::OK);
}

#[test]
fn page_is_asked_for_again_and_hashed_files_are_kept() {
    assert_eq!(page(&headers(&[]), StatusCode::OK).unwrap().headers()["cache-control"], "no-cache");
    let asset = web_assets::ASSETS.iter().find(|asset| asset.immutable).unwrap();
    let response = file(asset.path, &headers(&[])).unwrap();
    assert!(response.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    assert!(file("/index.html", &headers(&[])).is_none());
    assert!(file("/assets/nothing.js", &headers(&[])).is_none());
}
