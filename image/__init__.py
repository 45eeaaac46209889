"""Building the appliances' bootable images: `python -m image build oma`."""
