import asyncio, sys, tempfile, time
from pathlib import Path
from .matrix import matrix
from .breaking import FAULTS
kinds = sys.argv[1].split(",")
faults = sys.argv[2].split(",") if len(sys.argv) > 2 and sys.argv[2] != "all" else list(FAULTS)
seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 3.0
def tell(row):
    print(f"{row.kind:10} {row.fault:8} {row.pages:5} wrong {row.wrong} p99 {row.ours*1000:6.1f} bare {row.bare*1000:6.1f} opened {row.opened_after} thr {row.threads} fds {row.files} MiB {row.bytes/2**20:.1f} rec {row.recovered:.1f} wr {row.written:.1f} tb {row.tracebacks} lost {row.lost}", flush=True)
    for c in row.complaints(): print("   !!", c, flush=True)
for kind in kinds:
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    print(folder, flush=True)
    asyncio.run(matrix(kind, folder, faults, seconds, tell))
