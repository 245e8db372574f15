//! Which names will not mean anything a year from now, and why.
//!
//! Advice never refuses. It sorts the words of a name into those that carry a meaning and those that are known to
//! carry little, and speaks up when nothing is left. An unknown word always counts as meaning something: to advise
//! against a good name teaches people to ignore advice.

mod finding;
mod lexicon;
mod reading;

use alloc::{borrow::ToOwned, format, vec::Vec};

pub use finding::{NameAdvice, NameAdviceCode};
pub use lexicon::WordClass;

use self::{lexicon::Lexicon, reading::Reading};
use crate::{DisplayName, LocalPart, TokenName};

/// Fewer letters and digits than this tell nobody anything.
const FEW: usize = 4;

/// Looks at names and says what is wrong with them.
///
/// Make one and keep it: its words are put in order when it is made.
///
/// ```
/// use service_accounts_naming::{Advisor, NameAdviceCode, DisplayName, WordClass};
///
/// let mut advisor = Advisor::default();
/// let findings = advisor.account(&DisplayName::parse("temp")?);
/// assert_eq!(findings[0].code, NameAdviceCode::Vague);
/// assert!(advisor.account(&DisplayName::parse("Pipeline Automation")?).is_empty());
///
/// advisor.learn(WordClass::Vague, "thingamajig");
/// assert_eq!(advisor.account(&DisplayName::parse("Thingamajig")?).len(), 1);
/// # Ok::<(), service_accounts_naming::DisplayNameError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Advisor {
    lexicon: Lexicon,
}

impl Advisor {
    /// Adds a word to a class, or moves it there.
    pub fn learn(&mut self, class: WordClass, word: &str) {
        self.lexicon.learn(class, word);
    }

    /// Forgets a word, because it does mean something here.
    pub fn forget(&mut self, word: &str) {
        self.lexicon.forget(word);
    }

    /// What is wrong with the name of an account; nothing, if all is well.
    pub fn account(&self, name: &DisplayName) -> Vec<NameAdvice> {
        let mut findings = self.findings(name.as_str(), account_suggestion);
        findings.extend(letters_dropped(name));
        findings
    }

    /// What is wrong with the name of a token; nothing, if all is well.
    pub fn token(&self, name: &TokenName) -> Vec<NameAdvice> {
        self.findings(name.as_str(), token_suggestion)
    }

    fn findings(&self, name: &str, suggestion: fn(NameAdviceCode) -> &'static str) -> Vec<NameAdvice> {
        let reading = Reading::new(name, &self.lexicon);
        let short = (reading.letters < FEW).then_some(NameAdviceCode::TooShort);
        let numbered = reading.ends_in_number.then_some(NameAdviceCode::Numbered);
        let codes = [reading.weakness(), short, numbered].into_iter().flatten();
        codes.map(|code| NameAdvice::new(code, suggestion(code).to_owned())).collect()
    }
}

const fn account_suggestion(code: NameAdviceCode) -> &'static str {
    match code {
        NameAdviceCode::EnvironmentOnly => "add what it does there, as in `Production Catalogue Sync`",
        NameAdviceCode::OneWord => "add the system or the team it works for, as in `Warehouse Integration`",
        NameAdviceCode::Numbered => "say what is different about it, such as its system, region or team",
        _ => "name the task and the system it is for, as in `Pipeline Automation`",
    }
}

const fn token_suggestion(code: NameAdviceCode) -> &'static str {
    match code {
        NameAdviceCode::Numbered => {
            "tell tokens apart by what uses them and by year, as in `production-integration-2025`"
        }
        _ => "name the environment, the use and the year, as in `production-integration-2025`",
    }
}

fn letters_dropped(name: &DisplayName) -> Option<NameAdvice> {
    name.as_str().chars().find(|c| c.is_alphanumeric() && !c.is_ascii())?;
    let suggestion = match LocalPart::from_name(name.as_str()) {
        Ok(id) => format!("spell the name in letters a to z, or the id will be `{id}`"),
        Err(_) => "spell the name in letters a to z".to_owned(),
    };
    Some(NameAdvice::new(NameAdviceCode::LettersDropped, suggestion))
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn account(name: &str) -> Vec<NameAdviceCode> {
        codes(Advisor::default().account(&DisplayName::parse(name).unwrap()))
    }

    fn token(name: &str) -> Vec<NameAdviceCode> {
        codes(Advisor::default().token(&TokenName::parse(name).unwrap()))
    }

    fn codes(findings: Vec<NameAdvice>) -> Vec<NameAdviceCode> {
        findings.into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn good_names_raise_nothing() {
        for name in [
            "Pipeline Automation",
            "pipeline_automation",
            "Production Integration",
            "Warehouse Sync",
            "dbt Cloud",
            "Backup to S3",
            "Route 53 Updater",
            "TerraformRunner",
            "Test Pipeline for Airflow",
            "Windows Server 2019",
        ] {
            assert_eq!(account(name), [], "{name}");
        }
        for name in ["production-integration-2025", "ci-deploy-2025", "staging-pipeline", "airflow", "grafana-eu-2026"]
        {
            assert_eq!(token(name), [], "{name}");
        }
    }

    #[test]
    fn names_that_say_nothing_are_found() {
        use NameAdviceCode::{EnvironmentOnly, NotDescriptive, Numbered, OneWord, TooGeneric, TooShort, Vague};
        for (name, expected) in [
            ("service1", vec![NotDescriptive, Numbered]),
            ("Service Account", vec![NotDescriptive]),
            ("temp", vec![Vague]),
            ("Temp Account", vec![Vague]),
            ("test123", vec![TooGeneric, Numbered]),
            ("TestAccount", vec![TooGeneric]),
            ("staging test", vec![TooGeneric]),
            ("production", vec![EnvironmentOnly]),
            ("prod service 2025", vec![EnvironmentOnly]),
            ("integration", vec![OneWord]),
            ("automation service", vec![OneWord]),
            ("temp pipeline", vec![Vague]),
            ("2025", vec![NotDescriptive]),
            ("Pipeline Automation 2", vec![Numbered]),
            ("dbt 2", vec![Numbered]),
            ("dbt", vec![TooShort]),
            ("dbt7", vec![]),
            ("tmp", vec![Vague, TooShort]),
            ("!?", vec![NotDescriptive, TooShort]),
        ] {
            assert_eq!(account(name), expected, "{name}");
        }
        assert_eq!(token("prod-2025"), [EnvironmentOnly]);
        assert_eq!(token("service1"), [NotDescriptive, Numbered]);
        assert_eq!(token("worker-2"), [OneWord, Numbered]);
    }

    #[test]
    fn letters_that_the_id_drops_are_named() {
        let finding = |name| Advisor::default().account(&DisplayName::parse(name).unwrap()).pop().unwrap();
        let cafe = finding("Caf\u{e9} Import");
        assert_eq!(cafe.code, NameAdviceCode::LettersDropped);
        assert!(cafe.suggestion.unwrap().contains("`caf_import`"));
        assert_eq!(finding("\u{30c6}\u{30b9}\u{30c8}").suggestion.unwrap(), "spell the name in letters a to z");
        assert_eq!(account("Warehouse \u{2192} Lake"), []);
    }

    #[test]
    fn a_host_teaches_words_and_takes_them_back() {
        let codes_of = |advisor: &Advisor, name| codes(advisor.account(&DisplayName::parse(name).unwrap()));
        let mut advisor = Advisor::default();
        assert_eq!(codes_of(&advisor, "Acme Corp"), []);
        advisor.learn(WordClass::Filler, "Acme");
        advisor.learn(WordClass::Filler, "CORP");
        assert_eq!(codes_of(&advisor, "Acme corp"), [NameAdviceCode::NotDescriptive]);
        advisor.forget("Temp");
        assert_eq!(codes_of(&advisor, "temp"), []);
        advisor.learn(WordClass::Vague, "area51");
        assert_eq!(codes_of(&advisor, "Area51"), [NameAdviceCode::Vague]);
        advisor.learn(WordClass::Generic, "service");
        assert_eq!(codes_of(&advisor, "service"), [NameAdviceCode::TooGeneric]);
    }

    #[test]
    fn each_trouble_has_its_own_suggestion_and_its_examples_are_good_names() {
        let suggestion = |findings: Vec<NameAdvice>, code| {
            let finding = findings.into_iter().find(|finding| finding.code == code).unwrap();
            finding.suggestion.unwrap()
        };
        let examples = |suggestion: &str| suggestion.split('`').nth(1).map(ToOwned::to_owned);
        for (name, code, begins) in [
            ("service", NameAdviceCode::NotDescriptive, "name the task"),
            ("production", NameAdviceCode::EnvironmentOnly, "add what it does there"),
            ("integration", NameAdviceCode::OneWord, "add the system"),
            ("worker 2", NameAdviceCode::Numbered, "say what is different"),
        ] {
            let given = suggestion(Advisor::default().account(&DisplayName::parse(name).unwrap()), code);
            assert!(given.starts_with(begins), "{given}");
            assert!(examples(&given).is_none_or(|example| account(&example).is_empty()), "{given}");
        }
        for (name, code, begins) in [
            ("service", NameAdviceCode::NotDescriptive, "name the environment"),
            ("worker-2", NameAdviceCode::Numbered, "tell tokens apart"),
        ] {
            let given = suggestion(Advisor::default().token(&TokenName::parse(name).unwrap()), code);
            assert!(given.starts_with(begins), "{given}");
            assert!(examples(&given).is_some_and(|example| token(&example).is_empty()), "{given}");
        }
    }
}
