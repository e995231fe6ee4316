"""What the two display controllers make of a byte stream: RAM and the picture in it. Written from the data sheets.

SSD1306: page and column windows in horizontal addressing mode, a byte is 8 pixels of a column, lowest bit on top.
SSD1322: column addresses of 4 pixels from 0x1C on a 256-pixel module, two pixels a byte, 4-bit grey; the commands'
arguments are sent as data.
"""

# Commands of the SSD1306 with arguments in the same stream, and how many.
_ARGUMENTS = {0x20: 1, 0x21: 2, 0x22: 2, 0x81: 1, 0x8D: 1, 0xA8: 1, 0xD3: 1, 0xD5: 1, 0xD9: 1, 0xDA: 1, 0xDB: 1}


class Ssd1306:
    """Fed by `control` bytes of I2C: 0x00 commands, 0x40 data."""

    def __init__(self) -> None:
        self.ram = bytearray(128 * 8)
        self.on = False
        self.contrast = 0x7F
        self._columns = (0, 127)
        self._pages = (0, 7)
        self._at = (0, 0)

    def command(self, data: list[int]) -> None:
        queue = list(data)
        while queue:
            code = queue.pop(0)
            args = [queue.pop(0) for _ in range(_ARGUMENTS.get(code, 0))]
            match code:
                case 0x20:
                    assert args == [0], "horizontal addressing only"
                case 0x21:
                    self._columns = (args[0], args[1])
                    self._at = (args[0], self._at[1])
                case 0x22:
                    self._pages = (args[0], args[1])
                    self._at = (self._at[0], args[0])
                case 0x81:
                    self.contrast = args[0]
                case 0xAE | 0xAF:
                    self.on = code == 0xAF
                case _:
                    pass  # timing and voltages: no effect on the picture

    def data(self, data: list[int]) -> None:
        for byte in data:
            column, page = self._at
            self.ram[page * 128 + column] = byte
            if column < self._columns[1]:
                self._at = (column + 1, page)
            else:
                self._at = (self._columns[0], page + 1 if page < self._pages[1] else self._pages[0])

    def pixels(self) -> list[list[int]]:
        return [[self.ram[(y // 8) * 128 + x] >> (y % 8) & 1 for x in range(128)] for y in range(64)]


class Ssd1322:
    """Fed by SPI writes and the level of the data line at that moment."""

    WIDTH, HEIGHT, FIRST = 256, 64, 0x1C

    def __init__(self) -> None:
        self.ram = [[0] * self.WIDTH for _ in range(self.HEIGHT)]
        self.on = False
        self.contrast = 0x7F
        self._code = 0
        self._args: list[int] = []
        self._columns = (0, 0)
        self._rows = (0, 0)
        self._at = (0, 0)

    def write(self, data: list[int], *, is_data: bool) -> None:
        if not is_data:
            for byte in data:
                self._command(byte)
        elif self._code == 0x5C:
            for byte in data:
                self._store(byte)
        else:
            self._args += data
            self._argument()

    def _command(self, code: int) -> None:
        self._code, self._args = code, []
        if code == 0x5C:
            self._at = (self._columns[0] * 4, self._rows[0])
        if code in {0xAE, 0xAF}:
            self.on = code == 0xAF

    def _argument(self) -> None:
        match self._code, self._args:
            case 0x15, [first, last]:
                self._columns = (first - self.FIRST, last - self.FIRST)
            case 0x75, [first, last]:
                self._rows = (first, last)
            case 0xC1, [level]:
                self.contrast = level
            case _:
                pass

    def _store(self, byte: int) -> None:
        x, y = self._at
        self.ram[y][x], self.ram[y][x + 1] = byte >> 4, byte & 15
        x += 2
        if x >= (self._columns[1] + 1) * 4:
            x, y = self._columns[0] * 4, y + 1
        self._at = (x, self._rows[0] if y > self._rows[1] else y)

    def pixels(self) -> list[list[int]]:
        assert {level for row in self.ram for level in row} <= {0, 15}, "a lit pixel is fully lit"
        return [[int(level > 0) for level in row] for row in self.ram]
