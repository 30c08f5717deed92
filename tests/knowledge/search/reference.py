"""Vectors that sentence-transformers made of some texts, for comparing those of the default runtime.

The library brings torch, so the vectors are recorded beside this file. Made with sentence-transformers 6.2.0 on torch
2.13.0, processor only, by

    python tests/knowledge/search/reference.py MODEL_FOLDER

where the folder is that of the packaged model (``packaged_model_folder`` in ``knowledge.search.embedder``).
"""

import sys
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("reference_vectors.npy")
WINDOW = 256
TEXTS = (
    "How do I reset my password?",
    "Outlook",
    "",
    "0x80040305 Set-Mailbox -ProhibitSendQuota",
    "Öffnen Sie die Anmeldeseite und wählen Sie Passwort vergessen.",
    "The printer on the second floor shows an error and does not print. " * 40,
    "VPN keeps disconnecting\nBefore you call\nNote the time, and whether you were on Wi-Fi or on a phone hotspot.",
    "déjà vu — naïve café 🎉 ÆØÅ 漢字 مرحبا",
    "user@portico.example C:\\Program Files\\Portico\\portico.exe --verbose https://portico.example/a?b=c#d",
    " \t spaces \n\n and    lines ",
)


def main() -> None:
    from sentence_transformers import SentenceTransformer  # The extra; only this program needs it here.

    model = SentenceTransformer(sys.argv[1], device="cpu", local_files_only=True)
    model.max_seq_length = WINDOW
    # One at a time: padding to the longest of a batch moves the last digits.
    vectors = [model.encode([text], normalize_embeddings=True, convert_to_numpy=True)[0] for text in TEXTS]
    np.save(FILE, np.stack(vectors).astype(np.float32))


if __name__ == "__main__":
    main()
