"""Arrays in a `.npz` whose bytes follow from the arrays alone, and the strictest possible reader of it.

`numpy.load` reads what is written. What is read must be the very bytes that would be written: no compression, no other
member, no other header, no object. So nothing in the file is believed: how large an array is, its caller says.
"""

from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final, NamedTuple
from zipfile import BadZipFile, LargeZipFile, ZipFile, ZipInfo

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
ALWAYS: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every member: the earliest that a zip file can say."""


class Shape(NamedTuple):
    """What an array is to be: its dtype, little-endian as numpy spells it, and its length."""

    dtype: str
    length: int


class ArraysError(ValueError):
    """The bytes are not those of the arrays that were asked for; one line, which names the array."""


def written(arrays: Mapping[str, Array]) -> bytes:
    """Return vectors as the bytes of a `.npz`, in their order."""
    whole = BytesIO()
    with ZipFile(whole, "w") as file:
        for name, array in arrays.items():
            part = _header(Shape(array.dtype.str, len(array))) + array.tobytes()
            file.writestr(ZipInfo(f"{name}.npy", ALWAYS), part)
    return whole.getvalue()


def read(data: bytes, wanted: Mapping[str, Shape]) -> dict[str, Array]:
    """Return the arrays of which the file is to consist, read-only.

    Raises:
        ArraysError: it does not consist of these.
    """
    try:
        with ZipFile(BytesIO(data)) as file:
            members = {info.filename: info for info in file.infolist()}
            if list(members) != [f"{name}.npy" for name in wanted] or len(file.infolist()) != len(wanted):
                raise ArraysError("other arrays than the manifest's are in it")
            return {name: _read(file, members[f"{name}.npy"], name, shape) for name, shape in wanted.items()}
    except (BadZipFile, LargeZipFile, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        if isinstance(error, ArraysError):
            raise
        raise ArraysError("not a zip file of arrays") from None


def _read(file: ZipFile, member: ZipInfo, name: str, shape: Shape) -> Array:
    header, dtype = _header(shape), np.dtype(shape.dtype)
    if member.compress_type or member.file_size != len(header) + shape.length * dtype.itemsize:
        raise ArraysError(f"array {name}: {member.file_size} bytes are not {shape.length} numbers of {shape.dtype}")
    content = file.read(member)
    if not content.startswith(header):
        raise ArraysError(f"array {name}: its header does not say {shape.length} numbers of {shape.dtype}")
    return np.frombuffer(content, dtype, shape.length, len(header))


def _header(shape: Shape) -> bytes:
    said = BytesIO()
    form = {"descr": shape.dtype, "fortran_order": False, "shape": (shape.length,)}
    np.lib.format.write_array_header_1_0(said, form)
    return said.getvalue()
