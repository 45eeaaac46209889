"""The table of VM states."""

from itertools import product

import pytest

from appliance.contexts.states import TRANSITIONS, VmEvent, VmState, move
from appliance.contract.errors import Fault


@pytest.mark.parametrize(("state", "event"), list(product(VmState, VmEvent)))
def test_every_move_is_in_the_table_or_refused(state: VmState, event: VmEvent) -> None:
    if (state, event) in TRANSITIONS:
        assert move(state, event) == TRANSITIONS[state, event]
    else:
        with pytest.raises(Fault, match="can't be done while the VM is"):
            move(state, event)


def test_a_migrated_vm_never_moves_again() -> None:
    assert all(state is not VmState.MIGRATED for state, _ in TRANSITIONS)
