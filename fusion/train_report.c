#include "fusion/train_report.h"

#include "core/base/file.h"
#include "core/base/memory.h"
#include "fusion/page.h"

#include <stdlib.h>
#include <string.h>

static const char style[] =
    ":root{color-scheme:light "
    "dark;--ink:#1c2024;--soft:#60646c;--edge:#d9d9e0;--page:#fcfcfd;--card:#fff;--good:#18794e;"
    "--line0:#2563eb;--line1:#d9480f;--line2:#0f8a6c;--line3:#9333ea}"
    "@media(prefers-color-scheme:dark){:root{--ink:#edeef0;--soft:#b0b4ba;--edge:#363a3f;--page:#111113;--card:#18191b;"
    "--good:#3dd68c;--line0:#70a5ff;--line1:#ff9b57;--line2:#3fcfa6;--line3:#c58bff}}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:76rem;background:var(--page);color:var(--ink);"
    "font:15px/1.5 system-ui,sans-serif}"
    "h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2.5rem 0 .75rem}h3{font-size:.95rem;margin:0}"
    "p{margin:.25rem 0}.soft{color:var(--soft)}"
    "figure{margin:0;padding:.9rem 1rem;background:var(--card);border:1px solid var(--edge);border-radius:8px}"
    ".charts,.pictures{display:grid;gap:1rem}"
    ".charts{grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr))}"
    ".pictures{grid-template-columns:repeat(auto-fill,minmax(min(100%,17rem),1fr))}"
    "svg{display:block;width:100%;height:auto}svg text{font-size:11px;fill:var(--soft)}"
    ".grid{stroke:var(--edge);fill:none}"
    ".line{fill:none;stroke-width:1.75;stroke-linejoin:round;stroke-linecap:round}"
    ".legend{font-size:.8rem;color:var(--soft)}.legend span{white-space:nowrap;margin-right:.8em}"
    ".legend i{display:inline-block;width:.7em;height:.7em;border-radius:50%;margin-right:.35em}"
    ".legend b{color:var(--ink);font-weight:600}"
    "table{border-collapse:collapse;font-size:.85rem}"
    "th,td{text-align:left;vertical-align:top;padding:.25rem 1.25rem .25rem 0;border-bottom:1px solid var(--edge);"
    "overflow-wrap:anywhere}"
    "th{font-weight:400;color:var(--soft);white-space:nowrap}"
    ".tables{display:grid;gap:2rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr))}"
    ".pictures img{display:block;width:100%;height:11rem;object-fit:contain;margin-bottom:.6rem}"
    "ol{list-style:none;margin:0;padding:0;font-size:.85rem}li{display:flex;gap:.6em;padding:.1rem 0}"
    "li b{font-weight:400;font-variant-numeric:tabular-nums;color:var(--soft)}"
    ".right{color:var(--good)}.right b{color:inherit}"
    "details{font-size:.8rem;color:var(--soft);margin-top:.4rem}summary{cursor:pointer}";

/* What is drawn together: names of curves, and what they are called there. */
static const struct {
  const char *title;
  struct {
    const char *curve, *label;
  } lines[GAZE_CHART_LINES];
} charts[] = {
    {"Loss", {{"loss", "training"}, {"val_loss", "held out"}}},
    {"Perplexity", {{"perplexity", "held out"}}},
    {"Bits a byte", {{"bits_per_byte", "held out"}}},
    {"Teacher", {{"teacher_loss", "pictures, 1 - cosine"}, {"text_teacher_loss", "texts, 1 - cosine"}}},
    {"Distillation", {{"distill_loss", "cross-entropy"}}},
    {"Learning rate", {{"lr", "AdamW"}}},
    {"Temperature", {{"scale", "factor of the cosines"}}},
    {"Speed", {{"samples_per_second", "samples a second"}, {"tokens_per_second", "tokens a second"}}},
    {"Text finds picture, recall",
     {{"image_retrieval_recall@1", "@1"}, {"image_retrieval_recall@5", "@5"}, {"image_retrieval_recall@10", "@10"}}},
    {"Picture finds text, recall",
     {{"text_retrieval_recall@1", "@1"}, {"text_retrieval_recall@5", "@5"}, {"text_retrieval_recall@10", "@10"}}},
    {"Zero-shot classes",
     {{"acc1", "first is right"}, {"acc5", "one of five"}, {"mean_per_class_recall", "mean of classes"}}}};

/* A measure that was never taken, or is switched off, is zero all along. */
static bool says_something(const gaze_curve *curve) {
  for (size_t i = 0; curve && i < curve->n; i++)
    if (curve->points[i].y != 0)
      return true;
  return false;
}

static void write_charts(FILE *stream, const gaze_history *history) {
  fputs("<h2>Curves over steps</h2>\n<div class=\"charts\">\n", stream);
  for (size_t i = 0; i < sizeof charts / sizeof *charts; i++) {
    gaze_chart_line lines[GAZE_CHART_LINES];
    size_t n = 0;
    for (size_t j = 0; j < GAZE_CHART_LINES && charts[i].lines[j].curve; j++) {
      const gaze_curve *curve = gaze_history_find(history, charts[i].lines[j].curve);
      if (says_something(curve))
        lines[n++] = (gaze_chart_line){charts[i].lines[j].label, curve};
    }
    if (n)
      gaze_page_chart(stream, charts[i].title, lines, n);
  }
  fputs("</div>\n", stream);
}

static void write_figures(FILE *stream, const gaze_history *history) {
  fputs("<div><h2>Last figures</h2><table>\n", stream);
  for (size_t i = 0; i < history->n; i++) {
    const gaze_curve *curve = &history->curves[i];
    gaze_point last = curve->points[curve->n - 1];
    fputs("<tr><th>", stream);
    gaze_page_text(stream, curve->name);
    fprintf(stream, "<td>%.6g<td class=\"soft\">step %.0f\n", last.y, last.x);
  }
  fputs("</table></div>\n", stream);
}

static void write_head(FILE *stream, const char *name) {
  fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>",
        stream);
  gaze_page_text(stream, name);
  fprintf(stream, "</title>\n<style>%s</style>\n<h1>", style);
  gaze_page_text(stream, name);
  fputs("</h1>\n<p class=\"soft\">A training run of gaze " GAZE_VERSION "</p>\n", stream);
}

static gaze_err write_page(FILE *stream, const gaze_history *history, const gaze_report *report) {
  write_head(stream, report->name);
  write_charts(stream, history);
  gaze_err err = report->show ? report->show(stream, report->user) : GAZE_OK;
  fputs("<div class=\"tables\">\n", stream);
  write_figures(stream, history);
  gaze_report_options(stream, report);
  fputs("</div>\n", stream);
  return err;
}

gaze_err gaze_report_save(const gaze_report *report) {
  char *metrics = NULL, *path = NULL;
  gaze_history history = {0};
  gaze_replace replace = {0};
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(gaze_path_join(report->folder, "metrics.jsonl", &metrics));
  GAZE_TRY_DONE(gaze_path_join(report->folder, "report.html", &path));
  if (gaze_file_exists(metrics)) /* a run that ended before its first line has none */
    GAZE_TRY_DONE(gaze_history_open(metrics, &history));
  GAZE_TRY_DONE(gaze_replace_init(&replace, path));
  GAZE_TRY_DONE(write_page(replace.stream, &history, report));
  err = gaze_replace_commit(&replace);
done:
  gaze_replace_fini(&replace);
  gaze_history_fini(&history);
  free(metrics);
  free(path);
  return err;
}
