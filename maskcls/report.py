"""Results as other programs and people read them: JSON values, CSV tables and plain text."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from maskcls import images, labels
from maskcls.face import REASON_WORDS, Face

if TYPE_CHECKING:
    from maskcls.video.files import Outcome
    from maskcls.video.history import Event

_COLUMNS = (
    "file",
    "width_px",
    "height_px",
    "face",
    "verdict",
    "label",
    "score",
    "left",
    "top",
    "right",
    "bottom",
    "reasons",
)

# What a spreadsheet takes for the start of a formula. File and class names come from strangers.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")

_TRIAL_WORDS = {"running": "begins", "pruned": "given up early", "failed": "failed", "stopped": "stopped"}


def picture_json(
    file: str, image_shape: tuple[int, ...] | None, faces: Sequence[Face], error: str | None = None
) -> dict[str, Any]:
    """Return what `classify --json` prints of a picture.

    Args:
        file: The picture's name.
        image_shape: `(h, w, …)`; None when it could not be read.
        faces: What was found in it.
        error: Why it could not be classified; None when it could.
    """
    height_px, width_px = image_shape[:2] if image_shape else (None, None)
    return {
        "file": file,
        "width_px": width_px,
        "height_px": height_px,
        "faces": [face.as_json() for face in faces],
        "error": error,
    }


def rows(results: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a flat table of what `picture_json` made of some pictures: a row per face, all with the same columns.

    A picture without a face has one row, whose cells about a face are None. Faces are numbered from 1 in each picture.
    Each class has a column with its probability, `p_<class>`; `error` is the last.
    """
    classes = list(dict.fromkeys(name for one in results for face in one["faces"] for name in face["probabilities"]))
    empty = dict.fromkeys([*_COLUMNS, *(f"p_{name}" for name in classes), "error"])
    table: list[dict[str, Any]] = []
    for one in results:
        head = {**empty, **{key: one[key] for key in ("file", "width_px", "height_px", "error")}}
        table.extend({**head, **_face_cells(number, face)} for number, face in enumerate(one["faces"], 1))
        if not one["faces"]:
            table.append(head)
    return table


def event_rows(events: Sequence["Event"], *, epoch_s: float | None = None) -> list[dict[str, Any]]:
    """Return who changed verdict when, as a flat table: `time` or `seconds`, `face`, `from` and `to`.

    Args:
        events: In their order.
        epoch_s: What their clock has to be added to for the time of day (in UTC); without it they are seconds.
    """
    table: list[dict[str, Any]] = []
    for event in events:
        if epoch_s is None:
            when: dict[str, Any] = {"seconds": round(event.time_s, 2)}
        else:
            moment = datetime.fromtimestamp(epoch_s + event.time_s, UTC)
            when = {"time": moment.isoformat(sep=" ", timespec="seconds")}
        before, after = (labels.look(name).words if name else "" for name in (event.before, event.after))
        table.append({**when, "face": event.number, "from": before, "to": after})
    return table


def figures_text(figures: Mapping[str, Any], *, indent: str = "") -> str:
    """Return figures that lie in each other as lines for people."""
    lines = []
    for name, value in figures.items():
        words = name.replace("_", " ")
        if isinstance(value, Mapping):
            lines += [f"{indent}{words}", figures_text(value, indent=f"{indent}  ")]
        else:
            lines.append(f"{indent}{words:20} {value:g}")
    return "\n".join(lines)


def video_json(file: str, outcome: "Outcome | None", error: str | None = None) -> dict[str, Any]:
    """Return what `classify --json` prints of a video.

    Args:
        file: The video's name.
        outcome: What happened in it; None when it could not be read.
        error: Why it could not be read; None when it could.
    """
    return {
        "file": file,
        "width_px": outcome.width_px if outcome else None,
        "height_px": outcome.height_px if outcome else None,
        "seconds": round(outcome.seconds, 3) if outcome else None,
        "frames": outcome.frames if outcome else None,
        "events": [
            {"seconds": round(one.time_s, 3), "face": one.number, "from": one.before or None, "to": one.after}
            for one in (outcome.events if outcome else ())
        ],
        "timeline": {str(second): counts for second, counts in outcome.timeline.items()} if outcome else {},
        "shortened": outcome.shortened if outcome else None,
        "error": error,
    }


def video_text(result: dict[str, Any]) -> str:
    """Return what `video_json` made of a video as lines for people."""
    file, error = images.plain_name(result["file"], longest=1000), result["error"]
    if error:
        return error if file in error else f"{file}: {error}"
    faces = len({event["face"] for event in result["events"]})
    lines = [f"{file}: {result['seconds']:.0f} s, {faces} face{'' if faces == 1 else 's'} followed"]
    for event in result["events"]:
        look = labels.look(event["to"])
        lines.append(f"  {event['seconds']:7.2f} s  face {event['face']}: {look.symbol} {look.words}")
    return "\n".join([*lines, *([f"  {result['shortened']}"] if result["shortened"] else [])])


def csv_text(rows: Sequence[dict[str, Any]]) -> str:
    r"""Return a table as CSV with `\r\n` line ends (RFC 4180); an empty one is an empty text.

    A text that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    if not rows:
        return ""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=[_harmless(name) for name in rows[0]])
    writer.writeheader()
    for row in rows:
        writer.writerow({_harmless(name): _harmless(value) for name, value in row.items()})
    return out.getvalue()


def picture_text(result: dict[str, Any]) -> str:
    """Return what `picture_json` made of a picture as lines for people."""
    file, error = images.plain_name(result["file"], longest=1000), result["error"]
    if error:
        return error if file in error else f"{file}: {error}"
    faces = result["faces"]
    count = "no face found" if not faces else "1 face" if len(faces) == 1 else f"{len(faces)} faces"
    return "\n".join([f"{file}: {count}", *(_face_line(number, face) for number, face in enumerate(faces, 1))])


def evaluation_text(result: dict[str, Any]) -> str:
    """Return what `evaluation.evaluate` found as lines for people."""
    lines = [_source_of(result)]
    if result["kind"] == "crops":
        lines += _classification_lines("Faces", result)
    else:
        lines += _scenes_lines(result)
    lines += [f"Counted neither way: {count} × {name}" for name, count in result.get("ignored", {}).items()]
    return "\n".join(lines + _skipped_lines(result))


def stress_text(result: dict[str, Any]) -> str:
    """Return what `evaluation.stress.evaluate_stress` found as lines for people."""
    lines = [f"{_source_of(result)}, each face changed in one way"]
    width = max(map(len, result["rows"]), default=0)
    for name, row in result["rows"].items():
        accuracy, sure = _measured(row["accuracy"], row["interval95"]), row["sure"]
        lines.append(
            f"  {name:{width}}  n {row['n']:>4}  accuracy {accuracy}  sure {_number(sure['share'])} "
            f"with accuracy {_number(sure['accuracy'])}"
        )
    if other := result["not_face"]:
        lines.append(
            f"Not a face: {other['n']} pictures; in {other['boxed']} of them a face was found, {other['sure']} got a "
            "verdict"
        )
    return "\n".join(lines + _skipped_lines(result))


def explanations_text(result: dict[str, Any]) -> str:
    """Return what `evaluation.explanations.evaluate_explanations` found as lines for people."""
    lines = [f"{_source_of(result)}, {result['n']} faces", f"{'':22} insertion deletion  gain   drop       ms"]
    for name, one in result["methods"].items():
        lines.append(
            f"  {name:20} {one['insertion']:9.3f} {one['deletion']:8.3f} {one['gain']:5.3f} {one['average_drop']:6.3f} "
            f"{one['ms']:8.1f}"
        )
    chance = result["random"]
    lines.append(f"  {'random order':20} {chance['insertion']:9.3f} {chance['deletion']:8.3f}")
    lines.append(
        f"The network's answer alone takes {result['forward_ms']:.1f} ms, all methods by gradients together "
        f"{result['gradients_ms']:.0f} ms."
    )
    if result["default_share"] is not None:
        lines.append(
            f"The default, {result['default']}, gains {result['default_share']:.0%} of what {result['best_quick']} "
            "does, the best one under 100 ms."
        )
    return "\n".join(lines + _skipped_lines(result))


def benchmark_text(result: dict[str, Any]) -> str:
    """Return what `benchmark.benchmark` found as lines for people."""
    lines = [f"{result['device']}, median of {result['runs']} runs; the tutorials' finder: {result['tutorial_finder']}"]
    for key, words in (("one_face", "1 face "), ("five_faces", "5 faces")):
        one = result[key]
        lines.append(
            f"{words}  ours {one['ours_ms']:8.1f} ms   the tutorials' way {one['tutorial_ms']:8.1f} ms   "
            f"{one['ratio']:.1f}× faster"
        )
    lines += [
        f"One crop through our classifier: {result['crop_ms']:.2f} ms; in a batch of 5 {result['crop_of_5_ms']:.2f} ms",
        f"One crop through model.predict of the tutorials' network: {result['predict_ms']:.1f} ms, "
        f"{result['crop_ratio']:.0f} times as long",
    ]
    lines += [
        f"Finding faces in {row['width_px']} × {row['height_px']} px: ours {row['ours_ms']:.1f} ms, "
        f"YuNet {row['yunet_ms']:.1f} ms"
        for row in result["finders"]
    ]
    return "\n".join([*lines, *result["notes"]])


def progress_text(line: Mapping[str, Any]) -> str:
    """Return what a run says while it goes as a line for people; nothing of a single batch."""
    if line["kind"] in ("note", "device"):
        return str(line["text"])
    if line["kind"] == "trial":
        return trial_text(line)
    if line["kind"] != "epoch":
        return ""
    text = f"epoch {line['epoch'] + 1}: loss {line['train']['loss']:.4f}, accuracy {line['train']['accuracy']:.4f}"
    if found := line["validation"]:
        text += (
            f"; validation: loss {found['loss']:.4f}, accuracy {found['accuracy']:.4f}, "
            f"macro-F1 {found['macro_f1']:.4f}"
        )
    return f"{text}; {line['per_s']:.0f} pictures/s, {line['left_s']:.0f} s left"


def run_text(told: Mapping[str, Any]) -> str:
    """Return how a run ended, and how its version compares with the one at work, as lines for people."""
    lines = [f"{told['run']}: {told['state']}{': ' + told['error'] if told.get('error') else ''}"]
    if "study" in told:
        return "\n".join([*lines, search_text(told)])
    if "version" not in told:
        return lines[0]
    learnt, compared = told["learnt"], told["comparison"]
    lines.append(
        f"{told['version']}: the best of {learnt['epochs']} epochs was number {learnt['best_epoch'] + 1}; "
        f"{learnt['per_s']:.0f} pictures/s, of which waiting for pictures {learnt['waited']:.1%}"
    )
    if compared["new"]:
        lines.append(f"On {compared['new']['n']} test pictures, choosing among {', '.join(compared['classes'])}:")
        for name, title in (("new", told["version"]), ("at_work", told["at_work"])):
            one = compared[name]
            lines.append(
                f"  {title:24} accuracy {_measured(one['accuracy'], one['interval95']['accuracy'])}, macro-F1 "
                f"{_measured(one['macro_f1'], one['interval95']['macro_f1'])}, {one['ms']:.1f} ms"
            )
        lines.append(f"  better on {len(compared['better'])} pictures, worse on {len(compared['worse'])}")
    return "\n".join([*lines, f"Put it to work with: models promote {told['version']}"])


def search_text(result: Mapping[str, Any]) -> str:
    """Return what a search found as lines for people."""
    best, counts = result["best"], f"{result['trials']} trials"
    counts += f", {result['pruned']} of them given up early" if result["pruned"] else ""
    counts += f"; {result['failed']} more failed" if result["failed"] else ""
    lines = [f"The study {result['study']}: {counts}", f"Best: {trial_text(best)}"]
    if result["importances"]:
        lines.append("What mattered: " + ", ".join(f"{name} {one:.0%}" for name, one in result["importances"].items()))
    return "\n".join([*lines, f"Train with it: the same search with --study {result['study']} --train-best"])


def trial_text(trial: Mapping[str, Any]) -> str:
    """Return a trial of a search as a line for people."""
    chosen = ", ".join(f"{name} {_chosen(value)}" for name, value in trial["params"].items())
    parts = [_TRIAL_WORDS.get(trial.get("state", ""), "")]
    if trial.get("error"):
        parts[0] += f": {trial['error']}"
    if trial["value"] is not None:
        parts.append(f"validation loss {trial['value']:.4f}")
        others = (("accuracy", "accuracy"), ("macro_f1", "macro-F1"))
        parts += [f"{title} {trial[name]:.4f}" for name, title in others if name in trial]
    if trial.get("seconds"):
        parts.append(f"{trial['seconds']:.0f} s")
    said = ", ".join(part for part in parts if part)
    return f"trial {trial['number']}{f' ({chosen})' if chosen else ''}{f': {said}' if said else ''}"


def _chosen(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _source_of(result: dict[str, Any]) -> str:
    split = f", split {result['split']}" if result["split"] else ""
    corrected = ", labels corrected" if result["labels"] == "corrected" else ""
    return f"{result['model']} on {result['data']}{split}{corrected}"


def _skipped_lines(result: dict[str, Any]) -> list[str]:
    skipped = result["skipped"]
    if not skipped:
        return []
    return [
        f"Skipped: {len(skipped)} that could not be read",
        *(f"  {one['file']}: {one['reason']}" for one in skipped),
    ]


def _face_cells(number: int, face: dict[str, Any]) -> dict[str, Any]:
    left, top, right, bottom = face["box_xyxy"]
    return {
        "face": number,
        **{key: face[key] for key in ("verdict", "label", "score")},
        "left": left,
        "top": top,
        "right": right,
        "bottom": bottom,
        "reasons": "; ".join(face["reasons"]),
        **{f"p_{name}": probability for name, probability in face["probabilities"].items()},
    }


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA_STARTS) else value


def _face_line(number: int, face: dict[str, Any]) -> str:
    look = labels.look(face["verdict"])
    left, top, right, bottom = (round(side) for side in face["box_xyxy"])
    sure = ", ".join(f"{labels.look(name).words} {p:.1%}" for name, p in face["probabilities"].items())
    reasons = "".join(f"; {REASON_WORDS.get(reason, reason)}" for reason in face["reasons"])
    return f"  {number}. {look.symbol} {look.words} at {left},{top}–{right},{bottom} ({sure}{reasons})"


def _classification_lines(title: str, result: dict[str, Any]) -> list[str]:
    sure, between = result["sure"], result["interval95"]
    width = max(map(len, result["per_class"]))
    lines = [
        f"{title}: n {result['n']} in {result['groups']} groups (95 % intervals are over groups)",
        f"  accuracy {_measured(result['accuracy'], between['accuracy'])}, "
        f"macro-F1 {_measured(result['macro_f1'], between['macro_f1'])}",
        *_among_present_lines(result),
        f"  calibration error {_number(result['ece'])}, "
        f"sure {_measured(sure['share'], between['sure']['share'])} "
        f"with accuracy {_measured(sure['accuracy'], between['sure']['accuracy'])}",
        f"  {'':{width}}  precision  recall  {'f1':22}       n   answered: {', '.join(result['per_class'])}",
    ]
    for (name, scores), counts in zip(result["per_class"].items(), result["confusion"], strict=True):
        f1 = _measured(scores["f1"], between["f1"][name])
        numbers = f"{_number(scores['precision']):>9}  {_number(scores['recall']):>6}  {f1:22}"
        lines.append(f"  {name:{width}}  {numbers}  {scores['n']:>6}   {', '.join(map(str, counts))}")
    return [*lines, *_slice_lines(result.get("slices", {}))]


def _among_present_lines(result: dict[str, Any]) -> list[str]:
    """Say how right the answers are among the classes that the data has, where those are some of the model's."""
    present = [name for name, scores in result["per_class"].items() if scores["n"]]
    if len(present) in (0, 1, len(result["per_class"])):
        return []
    return [f"  choosing only among {', '.join(present)}: accuracy {_number(result['accuracy_among_present'])}"]


def _slice_lines(slices: dict[str, Any]) -> list[str]:
    if not slices:
        return []
    width = max(map(len, slices))
    return ["  Accuracy by what the face shows, as tagged by eye:"] + [
        f"  {name:{width}}  n {one['n']:>4}  "
        + ("not measured (too few)" if one["accuracy"] is None else _measured(one["accuracy"], one["interval95"]))
        for name, one in slices.items()
    ]


def _scenes_lines(result: dict[str, Any]) -> list[str]:
    lines = [f"{result['pictures']} pictures with {result['faces']} faces", _finder_line("Face finder", result)]
    if result["compared_finder"]:
        lines.append(_finder_line("YuNet, 640 px", result["compared_finder"]))
    lines += _classification_lines("Classifier on the true boxes", result["true_boxes"])
    found = result["found_faces"]
    lines += _classification_lines(f"Classifier on the found faces (recall {_number(found['recall'])})", found)
    each = ", ".join(f"{name} {_number(value)}" for name, value in result["ap50_per_class"].items())
    return [*lines, f"End to end: mAP50 {_number(result['map50'])} ({each})"]


def _finder_line(title: str, scores: dict[str, Any]) -> str:
    return (
        f"{title}: AP50 {_number(scores['ap50'])}, recall at precision 0.90 "
        f"{_number(scores['recall_at_precision_90'])}, {scores['finder_ms']:.1f} ms per picture"
    )


def _measured(value: float | None, interval: list[float] | None) -> str:
    return _number(value) + (f" ({interval[0]:.4f}–{interval[1]:.4f})" if interval else "")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
