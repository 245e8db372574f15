//! The keys: made once, kept privately, replaced in the open.

use std::{ffi::OsStr, fs, os::unix::fs::PermissionsExt, path::PathBuf, thread};

use serde_json::json;

use crate::home::Home;

const OLD: &str = "1111111111111111111111111111111111111111111111111111111111111111";
const NEW: &str = "2222222222222222222222222222222222222222222222222222222222222222";

fn key_file(home: &Home) -> PathBuf {
    home.database().with_extension("db.pepper")
}

#[test]
fn the_key_file_is_for_its_owner_only() {
    let (home, _service, _) = Home::first_start();
    let key = key_file(&home).metadata().unwrap();
    assert_eq!((key.permissions().mode() & 0o777, key.len()), (0o600, 32));
}

/// eliza#30611: each of two first starts made a key, and the tokens of one were dead after a restart.
#[test]
fn services_that_start_together_agree_on_one_key() {
    for _ in 0..8 {
        let home = Home::new();
        let services: Vec<_> = thread::scope(|scope| {
            let starting: Vec<_> = (0..4).map(|_| scope.spawn(|| home.start())).collect();
            starting.into_iter().map(|start| start.join().unwrap()).collect()
        });
        let key = fs::read(key_file(&home)).unwrap();
        let said: Vec<_> = services.into_iter().map(crate::home::Service::terminate).collect();
        assert_eq!(fs::read(key_file(&home)).unwrap(), key);
        let printed = said.iter().flat_map(|said| said.lines()).filter_map(|line| line.strip_prefix("admin token: "));
        let again = home.start();
        let accepted = printed.filter(|token| again.with(token).get("/datastores").status == 200).count();
        assert_eq!(accepted, 1, "{said:?}");
        assert_eq!(left_aside(&home), 0);
    }
}

/// Key files that were written and not moved into place.
fn left_aside(home: &Home) -> usize {
    let folder = home.database().parent().unwrap().to_owned();
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains(".pepper.")).count()
}

#[test]
fn a_database_without_its_key_file_is_not_given_another_key() {
    let (home, service, _) = Home::first_start();
    service.terminate();
    fs::remove_file(key_file(&home)).unwrap();
    let said = home.refuse(&[]);
    assert!(said.contains("accounts.db.pepper") && said.contains("restore it"), "{said}");
    assert!(!key_file(&home).exists());
}

#[test]
fn a_key_file_that_was_cut_short_is_named() {
    let (home, service, _) = Home::first_start();
    service.terminate();
    fs::write(key_file(&home), [7; 31]).unwrap();
    let said = home.refuse(&[]);
    assert!(said.contains("accounts.db.pepper") && said.contains("32 bytes"), "{said}");
}

#[test]
fn earlier_keys_still_verify_when_a_new_one_is_put_in_front() {
    let pepper = |keys: &str| keys.to_owned();
    for (first, then) in
        [(pepper(OLD), format!("k2:{NEW},k1:{OLD}")), (format!("k1:{OLD}"), format!(" k2:{NEW} , k1:{OLD} "))]
    {
        let home = Home::new();
        let (service, admin) = home.start_with_token_and(&[("SERVICE_ACCOUNTS_PEPPER", OsStr::new(&first))]);
        let account = service.create(&admin, "Nightly Load", json!({}));
        service.terminate();
        let service = home.start_with(&[("SERVICE_ACCOUNTS_PEPPER", OsStr::new(&then))]);
        for token in [&admin, account["first_token"]["token"].as_str().unwrap()] {
            assert_eq!(service.with(token).get("/datastores").status, 200);
        }
        let said = home.log() + &service.terminate();
        assert!(!said.contains(OLD) && !said.contains(NEW), "a key is printed");
        assert!(!key_file(&home).exists());
    }
}
