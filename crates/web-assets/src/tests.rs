use super::{ASSETS, find};

#[test]
fn page_and_its_script_are_there() {
    let page = find("/index.html").unwrap();
    assert_eq!(page.content_type, "text/html; charset=utf-8");
    assert!(!page.immutable);
    let html = std::str::from_utf8(page.identity).unwrap();
    let script = html.split("src=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let script = find(script).unwrap();
    assert!(script.immutable);
    assert_eq!(script.content_type, "text/javascript; charset=utf-8");
}

#[test]
fn every_file_is_found_by_its_path_and_has_a_tag() {
    for asset in ASSETS {
        assert!(std::ptr::eq(find(asset.path).unwrap(), asset));
        assert!(asset.path.starts_with('/') && asset.etag.starts_with('"') && asset.etag.ends_with('"'));
    }
}

#[test]
fn compressed_forms_are_smaller_and_scripts_have_both() {
    for asset in ASSETS {
        for compressed in [asset.br, asset.gzip].into_iter().flatten() {
            assert!(compressed.len() < asset.identity.len(), "{}", asset.path);
        }
        if asset.content_type.starts_with("text/javascript") && asset.identity.len() > 1024 {
            assert!(asset.br.is_some() && asset.gzip.is_some(), "{}", asset.path);
        }
    }
}

#[test]
fn unknown_path_is_not_found() {
    assert!(find("/").is_none());
    assert!(find("/../Cargo.toml").is_none());
}
