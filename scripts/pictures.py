"""Make the images of the README from a real window: `make pictures`.

tests/editor/test_picture.py takes the screenshots. The moving one has the name of each below it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from scripts.toolchain import BUILD, ROOT, run

SCREENSHOTS = BUILD / "screenshots"
IMAGES = ROOT / "docs" / "images"
SECONDS = 2.5  # that a frame is shown
WIDTH = 1000  # px
CAPTION = 44  # px below the window
LETTERS = 20  # px


def main() -> int:
    """Take the screenshots, and write docs/images."""
    for old in SCREENSHOTS.glob("tour-*.png"):
        old.unlink()
    run([sys.executable, "-m", "pytest", "-q", "tests/editor/test_picture.py"], cwd=ROOT)
    (IMAGES / "workbench.png").write_bytes((SCREENSHOTS / "workbench-01-picture.png").read_bytes())
    first, *others = [frame(path) for path in sorted(SCREENSHOTS.glob("tour-*.png"))]
    first.save(
        IMAGES / "tour.gif",
        save_all=True,
        append_images=others,
        duration=int(SECONDS * 1000),
        loop=0,
        optimize=True,
    )
    return 0


def frame(path: Path) -> Image.Image:
    """Return a screenshot with the end of its name, `tour-NN-NAME.png`, as its caption."""
    _, _, name = path.stem.split("-", 2)
    with Image.open(path) as shot:
        window = shot.convert("RGB").resize(
            (WIDTH, shot.height * WIDTH // shot.width), Image.Resampling.LANCZOS
        )
    whole = Image.new("RGB", (WIDTH, window.height + CAPTION), "#1f1f1f")
    whole.paste(window)
    place = (WIDTH // 2, window.height + CAPTION // 2)
    font = ImageFont.load_default(LETTERS)
    ImageDraw.Draw(whole).text(place, name, "white", font, anchor="mm")
    return whole.quantize(255, dither=Image.Dither.NONE)


if __name__ == "__main__":
    sys.exit(main())
