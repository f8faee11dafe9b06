"""Where every number came from: the record of runs, the report's captions, an RO-Crate. Reads files, trains nothing."""

from whichtask.provenance.captions import Captions
from whichtask.provenance.labels import named_in
from whichtask.provenance.record import Record, Run, read_record
from whichtask.provenance.recorder import Recorder

__all__ = ["Captions", "Record", "Recorder", "Run", "named_in", "read_record"]
