"""Covers rendered on real faces: sunglasses, goggles, masks, hands, hair, hats, things held up."""
