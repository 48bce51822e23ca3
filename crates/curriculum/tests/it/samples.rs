//! What does a task look like?

use palinode_curriculum::Language;
use palinode_curriculum::Split;

use crate::checks::tasks;

#[test]
fn one_task_of_each_language() {
    for language in Language::ALL {
        let task = tasks(Split::Training, 60)
            .into_iter()
            .find(|task| task.language == language && task.is_risky())
            .expect("each language occurs");
        let text = format!(
            "{}\n\n--- draft\n{}\n--- fixed\n{}\n--- {:#?}\n",
            task.specification, task.draft, task.fixed, task.contract
        );
        insta::assert_snapshot!(language.name(), text);
    }
}
