//! Which prompts does the bundled model know?

/// A prompt to try.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Example {
    /// The language to name with `--lang`.
    pub(crate) language: &'static str,
    /// The prompt.
    pub(crate) prompt: &'static str,
}

/// Prompts that the bundled model answers with a revision, by the default seed and without `--lang`.
pub(crate) const EXAMPLES: &[Example] = &[
    Example {
        language: "cpp",
        prompt: "Implement the C++ function refresh_camera_balance(camera_theme, item_figure, office_balance, task_length, fleet_margin). It gives up if item_figure is below 860. office_balance is limited to at most 401. It copies camera_theme into a buffer of 120 bytes and prints that. task_length becomes its remainder by 211. It halves fleet_margin until it is at most 657.",
    },
    Example {
        language: "cpp",
        prompt: "I want import_fleet_period(batch_edition, ticket_sample, team_value, school_round) written in C++. It counts in harbor_phrase how many numbers below ticket_sample divide by 556. It returns the sum of batch_edition. It takes team_value modulo 747. A zero school_round is replaced by 70.",
    },
    Example {
        language: "c",
        prompt: "We need a C implementation of emit_network_sample(store_chunk, group_model, recipe_total, fleet_stage). It ends at once for a group_model below 195 or above 422. From the file store_chunk it takes the first character. It halves recipe_total until it is at most 178. course_detail, kept between calls, is increased by fleet_stage.",
    },
    Example {
        language: "c",
        prompt: "Using C, create prepare_orchard_value that accepts store_margin, voyage_detail, quarry_limit and engine_target. It ends at once for a voyage_detail below 178 or above 684. It reads a number from store_margin by way of a 742 byte buffer. It computes school_target as 75 times quarry_limit with 148 added. It halves engine_target until it is at most 639.",
    },
    Example {
        language: "python",
        prompt: "Could you write notify_ledger_period in Python with the parameters event_share, hotel_answer, plant_model, fleet_stage and order_model? It gives up if hotel_answer is below 151. region_height counts the multiples of 522 below plant_model. A hex fingerprint of event_share is returned. It uses 735 when fleet_stage is zero. At most 498 is allowed for order_model.",
    },
    Example {
        language: "python",
        prompt: "build_garden_outline(parcel_model, order_amount, library_volume, event_volume, journal_series), in Python please. Any order_amount outside 33 to 787 ends it early. It takes library_volume modulo 95. From parcel_model it gets the value written there. Numbers below event_volume that 341 divides are counted in canal_figure. While journal_series is over 393 it is divided by two.",
    },
];
