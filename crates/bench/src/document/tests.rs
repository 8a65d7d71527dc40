use super::*;

#[test]
fn only_what_is_between_the_marks_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.md");
    fs::write(&path, format!("# Title\n{BEGIN}\nold\n{END}\nmore\n")).unwrap();
    check(&path).unwrap();
    replace(&path, "\n| new |\n").unwrap();
    replace(&path, "| newer |").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("# Title\n{BEGIN}\n| newer |\n{END}\nmore\n"));
}

#[test]
fn a_document_without_marks_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.md");
    fs::write(&path, format!("{END}\n{BEGIN}\n")).unwrap();
    assert!(check(&path).is_err());
}
