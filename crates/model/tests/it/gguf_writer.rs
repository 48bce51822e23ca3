//! How is a small GGUF file written? For tests, and for the seeds of the fuzzer.

/// Writes one GGUF file.
#[derive(Default)]
pub(crate) struct Writer {
    settings: Vec<u8>,
    setting_count: u64,
    table: Vec<u8>,
    tensor_count: u64,
    data: Vec<u8>,
}

impl Writer {
    fn text(bytes: &mut Vec<u8>, text: &str) {
        bytes.extend((text.len() as u64).to_le_bytes());
        bytes.extend(text.as_bytes());
    }

    /// A setting; of two with one name the later counts.
    pub(crate) fn setting(&mut self, key: &str, kind: u32, value: &[u8]) {
        Writer::text(&mut self.settings, key);
        self.settings.extend(kind.to_le_bytes());
        self.settings.extend(value);
        self.setting_count += 1;
    }

    pub(crate) fn word(&mut self, key: &str, value: u32) {
        self.setting(key, 4, &value.to_le_bytes());
    }

    pub(crate) fn real(&mut self, key: &str, value: f32) {
        self.setting(key, 6, &value.to_le_bytes());
    }

    pub(crate) fn string(&mut self, key: &str, value: &str) {
        let mut bytes = Vec::new();
        Writer::text(&mut bytes, value);
        self.setting(key, 8, &bytes);
    }

    pub(crate) fn strings(&mut self, key: &str, values: &[&str]) {
        let mut bytes = 8u32.to_le_bytes().to_vec();
        bytes.extend((values.len() as u64).to_le_bytes());
        values
            .iter()
            .for_each(|value| Writer::text(&mut bytes, value));
        self.setting(key, 9, &bytes);
    }

    pub(crate) fn list<const N: usize>(&mut self, key: &str, kind: u32, values: &[[u8; N]]) {
        let mut bytes = kind.to_le_bytes().to_vec();
        bytes.extend((values.len() as u64).to_le_bytes());
        bytes.extend(values.concat());
        self.setting(key, 9, &bytes);
    }

    pub(crate) fn tensor(&mut self, name: &str, dims: &[u64], kind: u32, bytes: &[u8]) {
        Writer::text(&mut self.table, name);
        self.table.extend((dims.len() as u32).to_le_bytes());
        dims.iter()
            .for_each(|dim| self.table.extend(dim.to_le_bytes()));
        self.table.extend(kind.to_le_bytes());
        self.table.extend((self.data.len() as u64).to_le_bytes());
        self.data.extend(bytes);
        self.data.resize(self.data.len().next_multiple_of(32), 0);
        self.tensor_count += 1;
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(3u32.to_le_bytes());
        bytes.extend(self.tensor_count.to_le_bytes());
        bytes.extend(self.setting_count.to_le_bytes());
        bytes.extend(self.settings);
        bytes.extend(self.table);
        bytes.resize(bytes.len().next_multiple_of(32), 0);
        bytes.extend(self.data);
        bytes
    }
}

/// A network of one layer, four numbers wide, and a tokenizer of eight tokens.
pub(crate) fn small(architecture: &str, model: &str, pre: Option<&str>) -> Writer {
    let mut file = Writer::default();
    let own = |key: &str| format!("{architecture}.{key}");
    file.string("general.architecture", architecture);
    file.word(&own("block_count"), 1);
    file.word(&own("context_length"), 64);
    file.word(&own("embedding_length"), 4);
    file.word(&own("feed_forward_length"), 2);
    file.word(&own("attention.head_count"), 2);
    file.word(&own("attention.head_count_kv"), 1);
    file.word(&own("attention.key_length"), 2);
    file.real(&own("attention.layer_norm_rms_epsilon"), 1e-6);
    file.real(&own("attention.layer_norm_epsilon"), 1e-5);
    file.real(&own("rope.freq_base"), 10_000.0);
    if pre == Some("qwen2") {
        file.string(&own("rope.scaling.type"), "yarn");
        file.real(&own("rope.scaling.factor"), 4.0);
        file.word(&own("rope.scaling.original_context_length"), 16);
    }
    file.string("tokenizer.ggml.model", model);
    if let Some(pre) = pre {
        file.string("tokenizer.ggml.pre", pre);
    }
    let tokens = ["<s>", "</s>", "a", "b", "ab", "▁", "<0x0A>", "<unk>"];
    file.strings("tokenizer.ggml.tokens", &tokens);
    let kinds = [3i32, 3, 1, 1, 1, 1, 6, 2];
    file.list("tokenizer.ggml.token_type", 5, &kinds.map(i32::to_le_bytes));
    match model {
        "gpt2" => file.strings("tokenizer.ggml.merges", &["a b"]),
        _ => {
            let scores: Vec<[u8; 4]> = (0..8).map(|id| (-(id as f32)).to_le_bytes()).collect();
            file.list("tokenizer.ggml.scores", 6, &scores);
        }
    }
    file.word("tokenizer.ggml.bos_token_id", 0);
    file.word("tokenizer.ggml.eos_token_id", 1);
    file.word("tokenizer.ggml.unknown_token_id", 7);
    file.setting("tokenizer.ggml.add_bos_token", 7, &[1]);
    file.string(
        "tokenizer.chat_template",
        "{{ messages[0].content }}{{ eos_token }}",
    );
    let ones = |count: usize| 1f32.to_le_bytes().repeat(count);
    file.tensor("token_embd.weight", &[4, 8], 0, &ones(32));
    let mut layer = |part: &str, dims: &[u64], bias: bool| {
        let count = dims.iter().product::<u64>() as usize;
        file.tensor(&format!("blk.0.{part}.weight"), dims, 0, &ones(count));
        if bias {
            let rows = dims[dims.len() - 1];
            file.tensor(
                &format!("blk.0.{part}.bias"),
                &[rows],
                0,
                &ones(rows as usize),
            );
        }
    };
    let starcoder2 = architecture == "starcoder2";
    let biased = starcoder2 || architecture == "qwen2";
    layer("attn_norm", &[4], starcoder2);
    layer("attn_q", &[4, 4], biased);
    layer("attn_k", &[4, 2], biased);
    layer("attn_v", &[4, 2], biased);
    layer("attn_output", &[4, 4], starcoder2);
    if architecture == "qwen3" {
        layer("attn_q_norm", &[2], false);
        layer("attn_k_norm", &[2], false);
    }
    layer("ffn_norm", &[4], starcoder2);
    if !starcoder2 {
        layer("ffn_gate", &[4, 2], false);
    }
    layer("ffn_up", &[4, 2], starcoder2);
    layer("ffn_down", &[2, 4], starcoder2);
    file.tensor("output_norm.weight", &[4], 0, &ones(4));
    if starcoder2 {
        file.tensor("output_norm.bias", &[4], 0, &ones(4));
    }
    file
}
