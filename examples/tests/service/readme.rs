//! Each line of the README pastes and runs, and answers as it says.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use crate::home::Home;

const README: &str = include_str!("../../../README.md");

/// The fenced block of the README that holds this.
fn block(with: &str) -> &'static str {
    let blocks = README.split("```").skip(1).step_by(2);
    let block = blocks.into_iter().find(|block| block.contains(with)).expect("the README has this block");
    block.split_once('\n').expect("a block begins with its language").1
}

/// Whether a text is this pattern, in which `…` stands for anything.
fn is_like(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty() || pattern.ends_with('…') || pattern.rsplit('…').next().is_some_and(|end| text.ends_with(end))
}

/// Seen by a newcomer: the README's revoke line had an id of somebody else's, and a variable that nobody set.
#[test]
fn the_calls_of_the_readme_paste_and_answer_as_it_says() {
    let (home, service, admin) = Home::first_start();
    let folder = home.database().parent().unwrap().to_owned();
    fs::write(folder.join("service.log"), format!("listening on …\nadmin token: {admin}\n")).unwrap();
    let pasted = block("ADMIN=$(sed").replace("127.0.0.1:8080", &service.address);
    let output = Command::new("sh").args(["-euc", &pasted]).current_dir(&folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers = String::from_utf8(output.stdout).unwrap();
    let expected: Vec<_> = pasted.lines().filter_map(|line| line.strip_prefix("#> ")).collect();
    assert_eq!(answers.lines().count(), expected.len(), "{answers}");
    for (answer, pattern) in answers.lines().zip(expected) {
        assert!(is_like(answer, pattern), "the README says\n{pattern}\nand the answer is\n{answer}");
    }
}

#[test]
fn the_program_of_the_readme_is_the_example_and_guards_its_route() {
    assert_eq!(block("fn datastores"), include_str!("../../guarded.rs"));
    assert!(include_str!("../../guarded.rs").lines().filter(|line| !line.is_empty()).count() <= 40);
    let pepper = "k1:1111111111111111111111111111111111111111111111111111111111111111";
    let mut command = Command::new(crate::home::example("guarded"));
    let mut child = command.env("PEPPER", pepper).stdout(Stdio::piped()).spawn().unwrap();
    let mut token = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut token).unwrap();
    let asked = |token: Option<&str>| {
        let client = crate::client::Client::new("127.0.0.1:3000", token);
        (0..100).find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            client.try_send("GET", "/datastores", None)
        })
    };
    let (without, with) = (asked(None), asked(Some(token.trim_end())));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(without.unwrap().status, 401);
    assert_eq!(with.unwrap().text(), "finance_metrics@service sees the warehouse\n");
}
