"""The lab's machines: QEMU guests and storage daemons that keep real bytes and track what is written."""
