//! Sanitising against `slug`, which does the same job, and `deunicode`, which does its first half.
//!
//! `deunicode` copies ASCII as it is, so for a plain name its time is that of a look at each byte; it lowers nothing and
//! joins nothing. The last line is the way a host goes, from a display name to an id in shared memory.

use std::hint::black_box;

use service_accounts_naming::{AccountId, DisplayName, LocalPart, Realm};

use crate::side_by_side::{contestant, medians, print_ratio};

/// A name as the requirements have it.
const PLAIN: &str = "Pipeline Automation";

/// 64 characters in Latin, Cyrillic, Greek and Japanese letters.
const UNICODE: &str = "データ品質パイプライン自動化 東京リージョン 本番環境 Проверка качества данных ETL — Ω 7号機";

/// 64 characters, ASCII but for the accents: little to do for anybody, so there is less to win.
const ACCENTED: &str = "Übertragung der Prüfergebnisse für Île-de-France nach Kraków 42.";

pub fn run() {
    assert!([UNICODE, ACCENTED].iter().all(|name| name.chars().count() == 64));
    compare("Pipeline Automation", PLAIN, 1.0, 2.0);
    compare("64 Unicode characters", UNICODE, 0.5, 1.0);
    compare("64 accented characters", ACCENTED, 1.0, 1.0);
    whole_id();
}

fn compare(case: &str, name: &str, slug_goal: f64, deunicode_goal: f64) {
    let [sanitised, slug, deunicode] = medians([
        contestant("sanitise", || _ = black_box(LocalPart::from_name(black_box(name)))),
        contestant("slug::slugify", || drop(black_box(slug::slugify(black_box(name))))),
        contestant("deunicode", || drop(black_box(deunicode::deunicode(black_box(name))))),
    ]);
    print_ratio(&format!("naming: sanitise {case}"), sanitised, slug, slug_goal);
    print_ratio(&format!("naming: sanitise {case}"), sanitised, deunicode, deunicode_goal);
}

fn whole_id() {
    let name = DisplayName::parse(PLAIN).expect("the name is one");
    let realm = Realm::default();
    let [id, slug] = medians([
        contestant("id", || drop(black_box(AccountId::from_name(black_box(&name), &realm)))),
        contestant("slug::slugify", || drop(black_box(slug::slugify(black_box(PLAIN))))),
    ]);
    print_ratio("naming: name to shared id", id, slug, 3.0);
}
