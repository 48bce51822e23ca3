"""How does a run of palinode look on a terminal? Records one, as it happens, into a moving picture.

    pip install pyte pillow
    python3 assets/record.py --font DejaVuSansMono.ttf --out assets/session.gif -- \
        target/release/palinode generate "..."

The program runs on a terminal of its own (a pty); what it sends is kept with its time and drawn by a terminal
emulator. Nothing is drawn by hand; there are at most 20 frames a second, and the last screen stays for a few
seconds.
"""

import argparse
import fcntl
import os
import pty
import select
import struct
import termios
import time

import pyte
from PIL import Image, ImageDraw, ImageFont

COLOURS = {
    "default": "#d7dae0", "red": "#ef6b73", "green": "#8fce72", "brown": "#e5c07b", "yellow": "#e5c07b",
    "blue": "#6cb2f0", "magenta": "#c98be0", "cyan": "#5fc1cc", "white": "#d7dae0", "black": "#7b818c",
}
BACKGROUND = "#1b1f24"
FRAME = 0.05
LAST = 4.0


def record(command, columns, rows):
    """What the command sent, with the seconds since its start."""
    child, terminal = pty.fork()
    if child == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.environ["TERM"] = "xterm-256color"
        os.execvp(command[0], command)
    start, sent = time.monotonic(), []
    while True:
        select.select([terminal], [], [])
        try:
            data = os.read(terminal, 65536)
        except OSError:
            data = b""
        if not data:
            os.waitpid(child, 0)
            return sent
        sent.append((time.monotonic() - start, data))


def draw(screen, font, cell, margin):
    """One picture of the screen."""
    width, height = cell
    size = (screen.columns * width + 2 * margin, screen.lines * height + 2 * margin)
    image = Image.new("RGB", size, BACKGROUND)
    pen = ImageDraw.Draw(image)
    for row in range(screen.lines):
        for column in range(screen.columns):
            char = screen.buffer[row][column]
            x, y = margin + column * width, margin + row * height
            colour = COLOURS.get(char.fg, "#" + char.fg if len(char.fg) == 6 else COLOURS["default"])
            if char.data.strip():
                pen.text((x, y), char.data, font=font, fill=colour)
            if char.strikethrough:
                pen.line((x, y + height // 2, x + width, y + height // 2), fill=colour, width=1)
            if char.underscore:
                pen.line((x, y + height - 2, x + width, y + height - 2), fill=colour, width=1)
    return image


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--columns", type=int, default=100)
    arguments.add_argument("--rows", type=int, default=26)
    arguments.add_argument("--size", type=int, default=14)
    arguments.add_argument("--font", required=True)
    arguments.add_argument("--out", required=True)
    arguments.add_argument("command", nargs="+")
    chosen = arguments.parse_args()
    font = ImageFont.truetype(chosen.font, chosen.size)
    cell = (round(font.getlength("M")), chosen.size + 4)
    screen = pyte.Screen(chosen.columns, chosen.rows)
    stream = pyte.ByteStream(screen)
    frames, times = [], []
    for at, data in record(chosen.command, chosen.columns, chosen.rows):
        if not frames or at - times[-1] >= FRAME:
            frames.append(draw(screen, font, cell, 10))
            times.append(at)
        stream.feed(data)
    frames.append(draw(screen, font, cell, 10))
    times.append(times[-1] + FRAME)
    # A frame stands for what was on the screen until its time, so it lasts since the one before.
    lasts = [max(FRAME, after - before) for before, after in zip([0.0] + times, times)][:-1] + [LAST]
    drawn = [frame.quantize(64, dither=Image.Dither.NONE) for frame in frames]
    drawn[0].save(
        chosen.out, save_all=True, append_images=drawn[1:], loop=0, optimize=True,
        duration=[int(1000 * seconds) for seconds in lasts],
    )
    print(f"{len(drawn)} frames, {sum(lasts):.1f} s, {os.path.getsize(chosen.out)} bytes")


main()
