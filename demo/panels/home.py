"""Taking the drawn map home: one file of a chosen kind, and the Python that writes the same."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from demo.models import pipeline
from demo.panels.panel import Panel
from demo.parts import gradio_folder
from demo.question import Question
from perceiver_zoo import export
from perceiver_zoo.pipeline import Result

if TYPE_CHECKING:
    from demo.tab import ModalityTab


LINK = (
    "<p>The address of this page reopens this tab with its model, example, lens and settings; a file of your own is "
    'not in it. <button type="button" class="copy-link">Copy the link</button></p>'
)


class Home(Panel):
    """A file is made when it is asked for, of the question the controls ask."""

    title = "Take it home"

    def build(self, tab: ModalityTab) -> None:
        kinds = [(form.title, kind) for kind, form in export.FORMATS.items() if tab.files in form.samples]
        with gr.Row(equal_height=True):
            self.kind = gr.Dropdown(kinds, value=kinds[0][1], label="File", info="Of what is asked above")
            self.make = gr.Button("Write the file", elem_id=f"{tab.modality}-home")
        self.file = gr.File(label="Your file", interactive=False, height=90)
        gr.HTML(LINK, label="Link", elem_classes="link-row")
        self.lines = gr.Code(language="python", label="The same in Python", interactive=False)

    def wire(self, tab: ModalityTab) -> None:
        self.make.click(
            self.write,
            [tab.input, self.kind, tab.result, *tab.asked],
            [self.file, self.lines],
            api_visibility="private",
            show_progress="full",
            show_progress_on=[self.file],
            concurrency_id="run",
        )

    def write(self, source: str | None, kind: str, result: Result | None, *question: Any) -> list[Any]:
        """The file, and three lines that write it again from the input as its owner calls it."""
        if result is None:
            raise gr.Error("There is no answer to take home yet: drop a file first.", print_exception=False)
        asked = arguments(Question(*question).settled(result))
        given = Path(source).name if source else "input"
        name = export.file_name(kind, Path(given).stem, result.model, asked)
        out = Path(tempfile.mkdtemp(dir=gradio_folder())) / name
        try:
            export.save(out, kind, pipeline(result.model), result, **asked)
        except ValueError as error:
            raise gr.Error(f"This answer has no such file: {error}.", print_exception=False) from None
        return [str(out), export.lines_of(kind, name, result.model, given, asked)]


def arguments(asked: Question) -> dict[str, Any]:
    """What `result.map` and `export.save` take for a settled question."""
    less = {"minus": asked.less} if asked.less else {}
    return {"lens": asked.lens, **asked.of(asked.at), **less}
