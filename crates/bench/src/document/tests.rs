use super::*;

#[test]
fn only_what_is_between_the_marks_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.md");
    let (begin, other) = (begin(Subject::Live), begin(Subject::Sfu));
    fs::write(&path, format!("# Title\n{begin}\nold\n{END}\nmore\n{other}\nsfu\n{END}\n")).unwrap();
    check(&path, Subject::Live).unwrap();
    replace(&path, Subject::Live, "\n| new |\n").unwrap();
    replace(&path, Subject::Live, "| newer |").unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        format!("# Title\n{begin}\n| newer |\n{END}\nmore\n{other}\nsfu\n{END}\n")
    );
}

#[test]
fn a_document_without_marks_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.md");
    fs::write(&path, format!("{END}\n{}\n", begin(Subject::Sfu))).unwrap();
    assert!(check(&path, Subject::Sfu).is_err());
}
