"""The loss of distillation and its gradients, by open_clip's DistillClipLoss (its loss.py alone, loaded as a file).

data/distill/NAME.safetensors  of one that learns and one that is imitated, unit features [n, D] and exp of their
                               temperatures; contrastive and distillation loss, and the gradients of their sum

soft: temperatures as of a new model. hard: 100, where most probabilities are below what float32 holds.
Inputs are float32, the reference runs in float64, results are rounded once.
"""

import importlib.util
import os
import shutil

import numpy as np

SEED = 31
CASES = {"soft": (7, 14.3, 10.0), "hard": (12, 100.0, 100.0)}
STUDENT, TEACHER = 6, 9  # dimensions of the two spaces


def distill_loss():
    package = importlib.util.find_spec("open_clip").submodule_search_locations[0]
    spec = importlib.util.spec_from_file_location("open_clip_loss", os.path.join(package, "loss.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.DistillClipLoss()


def unit_rows(random, n, dim):
    rows = random.standard_normal((n, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def write(folder):
    """Fills folder/distill."""
    import torch
    from safetensors.numpy import save_file

    folder = os.path.join(folder, "distill")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    random = np.random.default_rng(SEED)
    for name, (n, scale, imitated_scale) in CASES.items():
        tensors = {"images": unit_rows(random, n, STUDENT), "texts": unit_rows(random, n, STUDENT),
                   "imitated_images": unit_rows(random, n, TEACHER), "imitated_texts": unit_rows(random, n, TEACHER),
                   "scale": np.array([scale], np.float32), "imitated_scale": np.array([imitated_scale], np.float32)}
        values = {key: torch.from_numpy(value).double() for key, value in tensors.items()}
        learned = [values["images"], values["texts"], values["scale"].log()]
        for value in learned:
            value.requires_grad_()
        contrastive, distill = distill_loss()(learned[0], learned[1], learned[2].exp()[0], values["imitated_images"],
                                              values["imitated_texts"], values["imitated_scale"][0])
        (contrastive + distill).backward()
        results = {"contrastive_loss": contrastive, "distill_loss": distill, "dimages": learned[0].grad,
                   "dtexts": learned[1].grad, "dlog_scale": learned[2].grad}
        for key, value in results.items():
            tensors[key] = np.atleast_1d(value.detach().numpy()).astype(np.float32)
        save_file(tensors, os.path.join(folder, name + ".safetensors"))
