//! Which prompts does the bundled model know?

/// A prompt to try.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Example {
    /// The language to name with `--lang`.
    pub(crate) language: &'static str,
    /// The prompt.
    pub(crate) prompt: &'static str,
}

/// Prompts that the bundled model answers with a revision, by the default seed, with and without `--lang`.
pub(crate) const EXAMPLES: &[Example] = &[
    Example {
        language: "c",
        prompt: "There should be a function named load_trip_rate in C, with region_draft, summer_topic, orchard_field and lesson_count as arguments. It ends at once for a summer_topic below 35 or above 519. A zero orchard_field is replaced by 179. Then it reads a number from region_draft by way of a 387 byte buffer. With every call, the global pilot_notice goes up by lesson_count.",
    },
    Example {
        language: "c",
        prompt: "Function: process_outlet_theme. Language: C. Parameters: job_notice, user_slot, team_level, village_header and harbor_budget. It gives up if user_slot is below 63. The function picks a login code under 159 and leaves it where job_notice points. It puts team_level times 478 plus 432 into journal_label. order_entry is 2 for village_header over 52 and 1 otherwise. Each call adds harbor_budget to orchard_message.",
    },
    Example {
        language: "cpp",
        prompt: "Make me a C++ function called dispatch_depot_target with recipe_quota, village_score, branch_notice and store_batch. planet_title counts the multiples of 490 below village_score. Whenever branch_notice is not in the range from 100 to 420, the call ends immediately. The function executes file with recipe_quota as argument and passes on what comes back. Starting at zero, add i times 878 to ticket_period for each i less than store_batch.",
    },
    Example {
        language: "python",
        prompt: "Here is what I need. In Python, write archive_school_chunk(voyage_phrase, depot_price, market_edition, village_block, plant_series). Increase the shared total group_margin by depot_price. If market_edition is more than 118, it is divided by two, and this repeats until it is not. Given voyage_phrase, return the object whose saved form it is. A zero village_block is replaced by 193. For every positive number less than plant_series that 570 divides, office_marker goes up by one.",
    },
    Example {
        language: "python",
        prompt: "One more. Fill in publish_garden_phrase, a Python function of sensor_stage, orchard_edition, node_price, guest_sample, user_slot and item_message. It caps node_price at 362. It gives up if guest_sample is below 437. Return all the text of the file that sensor_stage holds under the name orchard_edition. While user_slot is over 100 it is divided by two. Then it sets parcel_column to 2 when item_message is above 741, otherwise to 1.",
    },
    Example {
        language: "javascript",
        prompt: "The function reportPageAlias(batchVolume, areaTopic, sensorRatio, teamEntry, islandNotice) should be written in JavaScript. After dividing areaTopic by 157, the function goes on with the remainder as the new value. With sensorRatio smaller than 807, the call is over immediately. It returns early unless teamEntry lies between 132 and 237. It returns batchVolume inside the tag li. Should islandNotice be zero, it is changed to 490.",
    },
];
