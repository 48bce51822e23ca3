// How fast does llama.cpp read a prompt and write on, in a number of lanes?
//
//     llama MODEL LANES THREADS REPEATS PROMPT DECODE
//
// Prints one JSON line: medians over REPEATS of PROMPT tokens a lane read and DECODE tokens a lane written, each the
// likeliest; and the process's largest memory. llama.cpp's defaults otherwise. `cargo xtask speed --models` builds it.

#include "llama.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <sys/resource.h>

static double seconds() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
}

static double median(std::vector<double> all) {
    std::sort(all.begin(), all.end());
    return (all[(all.size() - 1) / 2] + all[all.size() / 2]) / 2;
}

int main(int count, char ** words) {
    if (count != 7) {
        fprintf(stderr, "usage: llama MODEL LANES THREADS REPEATS PROMPT DECODE\n");
        return 2;
    }
    const int lanes = atoi(words[2]), threads = atoi(words[3]), repeats = atoi(words[4]);
    const int prompt = atoi(words[5]), decode = atoi(words[6]);
    const auto errors_only = [](ggml_log_level level, const char * text, void *) {
        if (level == GGML_LOG_LEVEL_ERROR) fputs(text, stderr);
    };
    llama_log_set(errors_only, nullptr);
    llama_backend_init();

    const double start = seconds();
    llama_model * model = llama_model_load_from_file(words[1], llama_model_default_params());
    if (!model) return 1;
    llama_context_params params = llama_context_default_params();
    params.n_ctx = lanes * ((prompt + decode + 255) / 256 * 256);
    params.n_batch = std::max(prompt, lanes);
    params.n_seq_max = lanes;
    params.n_threads = params.n_threads_batch = threads;
    llama_context * context = llama_init_from_model(model, params);
    if (!context) return 1;

    const int vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));
    llama_batch batch = llama_batch_init(params.n_batch, 0, 1);
    const auto add = [&](int token, int position, int lane, bool wanted) {
        const int at = batch.n_tokens++;
        batch.token[at] = token;
        batch.pos[at] = position;
        batch.n_seq_id[at] = 1;
        batch.seq_id[at][0] = lane;
        batch.logits[at] = wanted;
    };
    const auto run = [&]() {
        if (llama_decode(context, batch)) {
            fprintf(stderr, "llama_decode failed\n");
            exit(1);
        }
    };
    const auto likeliest = [&](int at) {
        const float * logits = llama_get_logits_ith(context, at);
        return int(std::max_element(logits, logits + vocabulary) - logits);
    };

    batch.n_tokens = 0;
    for (int at = 0; at < 16; at++) add(at * 31 % vocabulary, at, 0, at == 15);
    run();
    llama_synchronize(context);
    const double loaded = seconds() - start;

    std::vector<double> prompts, decodes;
    for (int repeat = 0; repeat < repeats; repeat++) {
        llama_memory_clear(llama_get_memory(context), false);
        std::vector<int> next(lanes);
        double began = seconds();
        for (int lane = 0; lane < lanes; lane++) {
            batch.n_tokens = 0;
            for (int at = 0; at < prompt; at++) {
                add((at * at * 31 + at * 17 + lane * 101) % vocabulary, at, lane, at == prompt - 1);
            }
            run();
            next[lane] = likeliest(prompt - 1);
        }
        prompts.push_back(lanes * prompt / (seconds() - began));
        began = seconds();
        for (int step = 0; step < decode; step++) {
            batch.n_tokens = 0;
            for (int lane = 0; lane < lanes; lane++) add(next[lane], prompt + step, lane, true);
            run();
            for (int lane = 0; lane < lanes; lane++) next[lane] = likeliest(lane);
        }
        decodes.push_back(lanes * decode / (seconds() - began));
    }
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"prompt_tps\": %.1f, \"decode_tps\": %.1f, \"load_s\": %.3f, \"peak_mb\": %ld}\n",
           median(prompts), median(decodes), loaded, usage.ru_maxrss / 1024);
}
