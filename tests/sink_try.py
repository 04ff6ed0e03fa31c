import sys, tempfile
from pathlib import Path
from tests.faults.sinks import sink_down
for kind, secs, more, prof in ((sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), sys.argv[4]=="1"),):
    s = sink_down(kind, Path(tempfile.mkdtemp()), secs, more, prof)
    print(s, s.bytes>>20, "MiB", s.complaints, flush=True)
