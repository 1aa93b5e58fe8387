"""What several pages show. The one place in the library that imports Streamlit."""
