"""The Streamlit control panel."""
