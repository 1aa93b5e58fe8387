"""Photos: from pictures to every face's verdict, probabilities and heatmap."""

import streamlit as st

from maskcls import report
from maskcls.errors import MaskclsError
from maskcls.ui import downloads, entrance, models, picture, progress, sidebar, summary, upload
from maskcls.ui.desk import MAX_PICTURES, desk
from maskcls.ui.words import counted, plain

entrance.required()

# Inputs.
st.caption("Find every face in a picture and see whether a mask is worn, how sure that is, and why.")
settings, heatmaps = sidebar.settings()
upload.show()
mine = desk()
if mine.left_out:
    names = ", ".join(plain(name) for name in mine.left_out[:5]) + (" …" if len(mine.left_out) > 5 else "")
    st.warning(
        f"There is room for {MAX_PICTURES} pictures at once. Left out: {names}. Remove some and try again.",
        icon=":material/block:",
    )
    mine.left_out.clear()

# Guard.
if not mine.pictures:
    st.subheader("Or try a sample", anchor=False)
    upload.show_samples("start")
    st.stop()
at_work = models.at_work_or_stop()

# Compute, in the place of the results, so that nothing jumps when they come.
place = st.empty()
try:
    with place.container():
        results = progress.analyse_all(mine, at_work, settings)
    drawn = {one.key: mine.drawn_faces(one, at_work) for one in mine.pictures.values()}
except MaskclsError as error:
    place.error(plain(str(error)), title="The model cannot answer", icon=":material/error:")
    st.stop()

# Show.
readable = [one for one in mine.pictures.values() if results[one.key].error is None]
faces = {one.key: [*results[one.key].faces, *drawn[one.key]] for one in readable}
every_face = [face for found in faces.values() for face in found]
classes = at_work.classifier.card.classes
bad = [result.error for result in results.values() if result.error is not None]
answers = [
    report.picture_json(one.name, results[one.key].shape, faces.get(one.key, ()), results[one.key].error)
    for one in mine.pictures.values()
]

with place.container():
    if bad:
        title = f"{counted(len(bad), 'picture was', 'pictures were')} skipped"
        st.warning("\n".join(f"- {plain(error)}" for error in bad), title=title, icon=":material/broken_image:")
    summary.show_numbers(every_face, classes, len(readable))
    if every_face:
        with st.expander("All faces as a table", icon=":material/table:", expanded=len(readable) > 1):
            summary.show_table([(one.name, faces[one.key]) for one in readable], classes)
    with st.container(horizontal=True, vertical_alignment="center"):
        downloads.show(answers, [(one, faces[one.key]) for one in readable])
        with st.popover("Try a sample", icon=":material/face:"):
            upload.show_samples("more")
        st.button("Start over", icon=":material/restart_alt:", key="clear", on_click=mine.clear)
    if readable:
        chosen = picture.pick([(one, faces[one.key]) for one in readable], mine.latest)
        picture.show(chosen, results[chosen.key], mine, at_work, heatmaps=heatmaps)
