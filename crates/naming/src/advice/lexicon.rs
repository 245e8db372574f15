//! The words that carry little meaning, as data.

use alloc::{borrow::Cow, collections::BTreeMap};

/// What kind of little a word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WordClass {
    /// What every account is, and the small words between others: `service`, `account`, `for`.
    Filler,
    /// What would fit anything: `test`, `demo`.
    Generic,
    /// What was not thought about: `temp`, `misc`.
    Vague,
    /// Where it runs: `production`, `staging`.
    Environment,
    /// What means something only beside another word: `integration`, `pipeline`.
    Common,
}

/// Words by class, in lower case.
#[derive(Clone, Debug)]
pub(super) struct Lexicon {
    words: BTreeMap<Cow<'static, str>, WordClass>,
}

impl Lexicon {
    pub(super) fn class(&self, word: &str) -> Option<WordClass> {
        self.words.get(word).copied()
    }

    pub(super) fn learn(&mut self, class: WordClass, word: &str) {
        self.words.insert(Cow::Owned(word.to_lowercase()), class);
    }

    pub(super) fn forget(&mut self, word: &str) {
        self.words.remove(word.to_lowercase().as_str());
    }
}

impl Default for Lexicon {
    fn default() -> Self {
        let words =
            LISTS.iter().flat_map(|&(class, list)| list.split_whitespace().map(move |word| (word.into(), class)));
        Self { words: words.collect() }
    }
}

const LISTS: &[(WordClass, &str)] = &[
    (WordClass::Filler, FILLERS),
    (WordClass::Generic, GENERICS),
    (WordClass::Vague, VAGUES),
    (WordClass::Environment, ENVIRONMENTS),
    (WordClass::Common, COMMONS),
];

const FILLERS: &str = "
    a account accounts acct an and api apikey app application bot client credential credentials for id identity in key
    keys login machine main my name of on or our robot sa secret service services serviceaccount svc svcacct that the
    this to token tokens user userid username users v ver version with
";

const GENERICS: &str = "
    any anything check checking default demo demos dummy example examples experiment experimental fake generic hello
    mock new play playground poc proof sample samples something test tester tests testaccount testing testservice
    testtoken testuser thing things trial try tryout tutorial world
";

const VAGUES: &str = "
    abc abcd adhoc another asdf asdfgh bar baz blah changeme copy delete delme draft final fix foo foobar hack
    junk last latest misc miscellaneous old other placeholder qwerty quick quux random remove rename scratch some stuff
    tbd temp temporary tmp todo trash unnamed untitled various whatever wip xxx xyz yyy zzz
";

const ENVIRONMENTS: &str = "
    acceptance canary dev devel development env environment int live local localhost nonprod np pre preprod
    preproduction prd prod production qa qual sandbox sbx sit stage staging stg uat
";

const COMMONS: &str = "
    access admin agent analytics auth automated automation backend backup batch build cli cloud code connect connection
    connector core cron daemon data database db deploy deployer deployment devops engine etl event export external
    file frontend gateway global group handler host http import info infra infrastructure ingest integration integrations
    interface internal job jobs lambda load loader log logs manager mobile module monitor monitoring network node ops
    pipeline platform plugin portal process processor product project proxy public queue read reader remote report
    reporting request role runner scheduler script scripts server shared site software sync system systems task tasks
    team tool tools transfer update upload web webhook website worker workers workflow write writer
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_in_one_list_only_and_can_be_met() {
        let listed: usize = LISTS.iter().map(|(_, list)| list.split_whitespace().count()).sum();
        let lexicon = Lexicon::default();
        assert_eq!(lexicon.words.len(), listed);
        for word in lexicon.words.keys() {
            assert!(word.bytes().all(|byte| byte.is_ascii_lowercase()), "{word}");
        }
    }

    #[test]
    fn words_are_learnt_and_forgotten_in_any_case() {
        let mut lexicon = Lexicon::default();
        lexicon.learn(WordClass::Vague, "Thing\u{c9}");
        assert_eq!(lexicon.class("thing\u{e9}"), Some(WordClass::Vague));
        lexicon.forget("THING\u{c9}");
        assert_eq!(lexicon.class("thing\u{e9}"), None);
    }
}
