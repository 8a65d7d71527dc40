use super::*;

fn document(path: &str, text: &str) -> Source {
    Source { path: path.into(), text: text.to_owned() }
}

#[test]
fn links_to_files_folders_and_headings_are_followed() {
    let sources = [
        document(
            "README.md",
            "# Top\n[a](docs/a.md) [b](docs/a.md#two-words-and-more) [c](docs) [d](#top) [e](https://example.org/x)",
        ),
        document("docs/a.md", "## Two words, and `more`\n[up](../README.md)"),
    ];
    assert_eq!(broken(&sources), Vec::<String>::new());
}

#[test]
fn links_that_lead_nowhere_are_found_outside_code() {
    let sources = [document("docs/a.md", "[a](b.md)\n```\n[c](d.md)\n```\n[e](#absent) ![f](screenshots/none.png)")];
    assert_eq!(broken(&sources), ["docs/a.md:1: b.md", "docs/a.md:5: #absent", "docs/a.md:5: screenshots/none.png"]);
}
